-- Attempts, newest first: $1 = order or null for all, $2 = true for unresolved ones only, $3 = how many at most.
select a.order_id, a.kind, a.signature, coalesce(a.outcome, 'unresolved') as outcome,
  a.slot, a.fee_lamports, a.signed_at,
       a.broadcast_at, a.resolved_at
from attempt_history a
where ($1::uuid is null or a.order_id = $1) and (not $2::boolean or a.outcome is null)
order by a.signed_at desc
limit $3
