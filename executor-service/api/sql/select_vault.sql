-- The vault of wallet $1.
select id, vault from vault where wallet = $1
