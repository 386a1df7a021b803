-- Deposit attempt $1 was seen confirmed without error in slot $2. Nothing to do if the executor knows more already.
update attempt
set confirmed_slot = $2, confirmed_at = clock_timestamp()
where id = $1 and outcome is null and confirmed_at is null
returning id
