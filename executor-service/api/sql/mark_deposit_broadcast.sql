-- The bytes of deposit attempt $1 left the process; only the first time is kept.
update attempt
set broadcast_at = clock_timestamp()
where id = $1 and broadcast_at is null and outcome is null
returning id
