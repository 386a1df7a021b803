-- Attempt $1 was seen confirmed without error in slot $2, under lease epoch $3; $4 is the id that a market maker gave
-- it, if one did.
update attempt
set confirmed_slot = $2, confirmed_at = clock_timestamp(), signature = coalesce($4, signature), write_epoch = $3
where id = $1 and outcome is null
returning id
