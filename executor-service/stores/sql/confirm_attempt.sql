-- Attempt $1 was seen confirmed without error in slot $2, under lease epoch $3.
update attempt
set confirmed_slot = $2, confirmed_at = clock_timestamp(), write_epoch = $3
where id = $1 and outcome is null
returning id
