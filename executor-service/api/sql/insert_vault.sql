-- Registers vault $2 for wallet $1; no row comes back if the wallet has one.
insert into vault (wallet, vault) values ($1, $2)
on conflict (wallet) do nothing
returning id, vault
