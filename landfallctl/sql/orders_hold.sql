-- Holds order $1 for reason $2: until it is released only the operator may change its state.
update price_order set held_at = now(), held_reason = $2
where id = $1 and held_at is null
returning id as order_id, held_at, held_reason
