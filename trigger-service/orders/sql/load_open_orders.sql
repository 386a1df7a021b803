-- All open orders by id, one page: $1 = id of the last row of the page before, $2 = rows at most. No locks.
select id,
       trigger_mint,
       trigger_condition,
       trigger_price_usd::text as trigger_price_usd,
       floor(extract(epoch from expires_at) * 1000)::bigint as expires_at_ms,
       (extract(epoch from updated_at) * 1000000)::bigint as version_us,
       updated_at::text as updated_at
from price_order
where state = 'open'
  and held_at is null
  and expires_at > clock_timestamp()
  and id > $1::uuid
order by id
limit $2::bigint
