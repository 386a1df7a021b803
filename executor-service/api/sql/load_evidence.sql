-- The evidence behind the trigger decisions that moved the orders $1.
select e.order_id, e.id, e.source, trim_scale(e.price_usd)::text as price_usd,
       trim_scale(e.confidence_usd)::text as confidence_usd, e.gates::text as gates, e.instance,
       floor(extract(epoch from e.publish_time) * 1000)::bigint as publish_ms,
       floor(extract(epoch from e.received_at) * 1000)::bigint as received_ms,
       floor(extract(epoch from e.decided_at) * 1000)::bigint as decided_ms
from evidence e
where e.order_id = any ($1::uuid[])
  and exists (select from order_transition m where m.order_id = e.order_id and m.evidence_id = e.id)
order by e.decided_at, e.id
