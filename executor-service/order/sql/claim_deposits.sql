-- Takes the lease of up to $3 orders whose deposit is not final yet, the oldest deposits first: $1 = holder, $2 = lease
-- in milliseconds. Found by their attempts, because most open orders need nobody; the question about each one's order
-- is a scalar one, so that no plan reads all orders first. Locks as claim_started does; a lease on an open order does
-- not hinder the trigger service.
with oldest as materialized (
  select a.order_id from attempt a
  where a.kind = 'deposit'
    and a.outcome is null
    and (select o.state in ('open', 'depositing') and o.held_at is null
                and greatest(o.next_attempt_at, o.lease_until) <= statement_timestamp()
         from price_order o where o.id = a.order_id)
  order by a.signed_at
  limit $3
), due as (
  select id from price_order
  where id in (select order_id from oldest)
    and state in ('open', 'depositing')
    and held_at is null
    and greatest(next_attempt_at, lease_until) <= statement_timestamp()
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
