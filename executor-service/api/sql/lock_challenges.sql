-- Takes turns, until the end of the transaction, with everyone who wants a challenge of kind $2 for wallet $1.
select pg_advisory_xact_lock(7012, hashtext($1::text || ' ' || $2::text))
