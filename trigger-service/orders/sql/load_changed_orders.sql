-- Open orders written since a point in time, oldest first, one page: $1 = timestamp as text, $2 = order id (both of the
-- last row of the page before, or where to start), $3 = milliseconds to start earlier, $4 = rows at most. updated_at is
-- when the writing transaction began, not when it became visible: hence the earlier start. No locks.
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
  and (updated_at, id) > ($1::timestamptz - $3::bigint * interval '1 millisecond', $2::uuid)
order by price_order.updated_at, id
limit $4::bigint
