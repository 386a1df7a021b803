-- The newest challenges of wallet $1, of kind $2, that may still be answered and are not older than $3 milliseconds; at
-- most $4.
select challenge
from auth_challenge
where wallet = $1 and kind = $2 and consumed_at is null and expires_at > clock_timestamp()
  and created_at > clock_timestamp() - $3::bigint * interval '1 millisecond'
order by created_at desc, id
limit $4
