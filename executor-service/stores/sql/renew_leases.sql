-- Prolongs leases still held: $1 (uuid[]) orders, $2 (bigint[]) their epochs, $3 = holder, $4 = lease in milliseconds.
-- Returns those that were prolonged; what is missing is lost.
update price_order o
set lease_until = clock_timestamp() + $4 * interval '1 millisecond',
    write_epoch = o.lease_epoch
from unnest($1::uuid[], $2::bigint[]) as held (id, epoch)
where o.id = held.id
  and o.lease_epoch = held.epoch
  and o.lease_holder = $3
  and o.lease_until > clock_timestamp()
returning o.id
