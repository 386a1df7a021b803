-- Serializes, until the end of the transaction, all who want a challenge of kind $2 for wallet $1.
select pg_advisory_xact_lock(7012, hashtext($1::text || ' ' || $2::text))
