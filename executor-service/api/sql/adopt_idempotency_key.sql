-- Binds key $2 of wallet $1 to request $3 with body digest $4 and order $5, unless it is bound already.
insert into idempotency_key (wallet, key, request, body_sha256, order_id)
values ($1, $2, $3, $4, $5::uuid)
on conflict (wallet, key) do nothing
returning key
