-- Takes the lease of up to $3 open orders whose deposit is not final yet, or whose time ran out more than $4
-- milliseconds ago while the trigger service did not notice: $1 = holder, $2 = lease in milliseconds. Locks as
-- claim_orders does; a lease on an open order does not hinder the trigger service.
with due as (
  select id from price_order o
  where state = 'open'
    and next_attempt_at <= clock_timestamp()
    and (lease_until is null or lease_until < clock_timestamp())
    and held_at is null
    and (expires_at < clock_timestamp() - $4 * interval '1 millisecond'
         or exists (select from attempt a where a.order_id = o.id and a.kind = 'deposit' and a.outcome is null))
  order by next_attempt_at
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
