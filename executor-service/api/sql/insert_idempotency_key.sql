-- Binds key $2 of wallet $1 to request $3 with body digest $4: to order $5, or to the answer $6 (status) and $7 (body).
-- A key that is there already is a constraint violation, which undoes what was to be done under it.
insert into idempotency_key (wallet, key, request, body_sha256, order_id, status, response)
values ($1, $2, $3, $4, $5::uuid, $6::integer, $7)
returning key
