-- The fork that held attempt $1 died: it is in doubt again, under whatever id a market maker may give it. $2 = lease
-- epoch.
update attempt
set confirmed_slot = null, confirmed_at = null, signature = case when maker is null then signature end, write_epoch = $2
where id = $1 and outcome is null
returning id
