-- The first time the bytes of attempt $1 were sent, $2 in milliseconds since 1970, under lease epoch $3.
update attempt
set broadcast_at = to_timestamp($2 / 1000.0), write_epoch = $3
where id = $1 and broadcast_at is null and outcome is null
returning id
