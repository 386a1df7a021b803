-- Releases the hold on order $1.
update price_order set held_at = null, held_reason = null
where id = $1 and held_at is not null
returning id as order_id, state
