-- The order of finding $1 was held for it, which is done once: an operator's release stays.
update discrepancy_finding
set held_order_at = clock_timestamp()
where id = $1 and held_order_at is null
returning id
