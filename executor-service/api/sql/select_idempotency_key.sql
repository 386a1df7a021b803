-- What wallet $1 sent under key $2, and what it was answered.
select request, body_sha256, status, response from idempotency_key where wallet = $1 and key = $2
