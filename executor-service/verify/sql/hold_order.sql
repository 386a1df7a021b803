-- Holds order $1 for the reason $2 unless it is held already. Waits for a transition under way.
update price_order
set held_at = clock_timestamp(), held_reason = $2
where id = $1 and held_at is null
returning id
