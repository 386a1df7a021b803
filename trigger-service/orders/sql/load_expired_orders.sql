-- Open orders whose time is over by the database's clock, longest ago first: $1 = rows at most. One clock for all
-- replicas. No locks: the write is conditional.
select id,
       floor(extract(epoch from expires_at) * 1000)::bigint as expires_at_ms,
       ceil(extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms
from price_order
where state = 'open'
  and held_at is null
  and expires_at <= clock_timestamp()
order by expires_at
limit $1::bigint
