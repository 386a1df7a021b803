-- Prolongs leases still held: $1 (uuid[]) orders, $2 (bigint[]) their epochs, $3 = holder, $4 = lease in milliseconds.
-- Returns those that were prolonged; what is missing is lost. That of an order under a hold is not prolonged: nobody
-- may move it, and it would take a slot from one that can go on. Locks in the order of the ids, as the commit writer's
-- commits do: each waits for the other, and neither in a circle.
with held as (
  select o.id, h.epoch
  from unnest($1::uuid[], $2::bigint[]) as h (id, epoch)
  join price_order o on o.id = h.id
  order by o.id
  for no key update of o
)
update price_order o
set lease_until = clock_timestamp() + $4 * interval '1 millisecond',
    write_epoch = o.lease_epoch
from held
where o.id = held.id
  and o.lease_epoch = held.epoch
  and o.lease_holder = $3
  and o.lease_until > clock_timestamp()
  and o.held_at is null
returning o.id
