-- The state moves of the orders $1, oldest first.
select m.order_id, m.to_state, m.role, m.reason, m.detail, m.attempt_id, m.evidence_id,
       floor(extract(epoch from m.at) * 1000)::bigint as at_ms
from order_transition m
where m.order_id = any ($1::uuid[])
order by m.id
