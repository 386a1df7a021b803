-- Takes the lease of up to $3 open orders whose time ran out more than $4 milliseconds ago while the trigger service
-- did not notice: $1 = holder, $2 = lease in milliseconds. Locks as claim_started does.
with due as (
  select id from price_order
  where state = 'open'
    and held_at is null
    and expires_at < statement_timestamp() - $4 * interval '1 millisecond'
    and greatest(next_attempt_at, lease_until) <= statement_timestamp()
  order by expires_at
  limit $3
  for no key update skip locked
)
update price_order o
set lease_epoch = o.lease_epoch + 1,
    lease_holder = $1,
    lease_until = clock_timestamp() + $2 * interval '1 millisecond',
    write_epoch = o.lease_epoch + 1
from due
where o.id = due.id
returning o.id
