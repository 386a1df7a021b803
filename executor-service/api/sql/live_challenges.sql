-- The newest challenges of wallet $1, of kind $2, that may still be answered; at most $3.
select id, challenge
from auth_challenge
where wallet = $1 and kind = $2 and consumed_at is null and expires_at > clock_timestamp()
order by created_at desc, id
limit $3
