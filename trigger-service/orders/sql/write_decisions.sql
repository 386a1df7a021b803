-- Makes the decided transitions of open orders, and stores the evidence of those made, in one statement.
-- $1 order ids, $2 evidence ids, $3 target states, $4 reasons, $5 details, $6 sources, $7 prices, $8 confidences,
-- $9 publish times, $10 receive times, $11 gates: arrays of equal length; $12 instance.
-- Returns a row for each evidence id: whether its transition was made now, and whether it had been made already with
-- this very evidence (a write whose commit was in doubt, written again). Rows are locked in the order of their ids, so
-- that replicas deciding the same orders wait for each other and never deadlock; who comes second finds the order no
-- longer open and writes nothing. The condition is checked once more against the row as it is now: its owner may have
-- changed the terms since it was loaded. The lateral lookup and the state inside CASE keep each row a search by id:
-- statistics are always behind on how many orders are open, and the planner would read all of them for every decision.
with decided as materialized (
  select d.*, exists (select from evidence e where e.id = d.evidence_id) as applied_before
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::numeric[], $8::numeric[],
              $9::timestamptz[], $10::timestamptz[], $11::jsonb[])
    as d (order_id, evidence_id, decision, reason, detail, source,
      price_usd, confidence_usd, publish_time, received_at, gates)
), locked as materialized (
  select open_order.id
  from (select distinct order_id from decided where not applied_before order by order_id) d
  cross join lateral (
    select o.id
    from price_order o
    where o.id = d.order_id and o.state = 'open' and o.held_at is null
    for no key update
  ) open_order
), applied as (
  update price_order o
  set state = d.decision,
      triggered_at = clock_timestamp(),
      last_reason = d.reason,
      last_detail = d.detail,
      last_attempt_id = null,
      last_evidence_id = d.evidence_id,
      last_instance = $12
  from decided d
  join locked l on l.id = d.order_id
  where o.id = d.order_id
    and not d.applied_before
    and case
          when o.state <> 'open' or o.held_at is not null then false
          when d.decision = 'ready_expire' then o.expires_at <= clock_timestamp()
          when o.expires_at <= clock_timestamp() then false
          when o.trigger_condition = 'above' then d.price_usd >= o.trigger_price_usd
          else d.price_usd <= o.trigger_price_usd
        end
  returning d.evidence_id
), kept as (
  insert into evidence (id, order_id, decision, source,
    price_usd, confidence_usd, publish_time, received_at, gates, instance)
  select d.evidence_id, d.order_id, d.decision, d.source, d.price_usd, d.confidence_usd, d.publish_time, d.received_at,
         d.gates, $12
  from decided d
  join applied m on m.evidence_id = d.evidence_id
)
select d.evidence_id, m.evidence_id is not null as applied, d.applied_before
from decided d
left join applied m on m.evidence_id = d.evidence_id
