-- The fork that held attempt $1 died: it is in doubt again. $2 = lease epoch.
update attempt
set confirmed_slot = null, confirmed_at = null, write_epoch = $2
where id = $1 and outcome is null
returning id
