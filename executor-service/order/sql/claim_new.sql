-- Takes the lease of up to $3 orders that the trigger service decided on and nobody began yet: $1 = holder, $2 = lease
-- in milliseconds. Locks as claim_started does; what is due longest comes first.
with due as (
  select id from price_order
  where state = 'ready_execute'
    and held_at is null
    and greatest(next_attempt_at, lease_until) <= statement_timestamp()
  order by greatest(next_attempt_at, lease_until)
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
