-- The order that wallet $1 created under key $2.
select order_id from idempotency_key where wallet = $1 and key = $2 and order_id is not null
