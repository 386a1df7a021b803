-- What a pass found: one row for each kind and subject while it is open. $1 kinds, $2 subjects, $3 orders (uuid[], may
-- hold nulls), $4 attempts (likewise), $5 details, $6 expected, $7 observed, $8 slots, $9 endpoints, $10 whether money
-- is touched, $11 whether enough endpoints agreed. A pass counts as agreeing only if it was at a later slot than the
-- one before.
insert into discrepancy_finding as f
  (kind, subject, order_id, attempt_id, detail, expected, observed, slot, endpoint, touches_money, times_agreed,
   agreed_slot)
select n.kind, n.subject, n.order_id, n.attempt_id, n.detail, n.expected, n.observed, n.slot, n.endpoint, n.money,
       case when n.agreed then 1 else 0 end, case when n.agreed then n.slot end
from unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::bigint[],
            $9::text[], $10::boolean[], $11::boolean[])
     as n (kind, subject, order_id, attempt_id, detail, expected, observed, slot, endpoint, money, agreed)
on conflict (kind, subject) where closed_at is null do update
set detail = excluded.detail,
    expected = excluded.expected,
    observed = excluded.observed,
    slot = excluded.slot,
    endpoint = excluded.endpoint,
    last_seen = clock_timestamp(),
    times_seen = f.times_seen + 1,
    times_agreed = f.times_agreed
                   + case when excluded.agreed_slot > coalesce(f.agreed_slot, -1) then 1 else 0 end,
    agreed_slot = greatest(f.agreed_slot, excluded.agreed_slot)
returning f.id, f.kind, f.subject, f.order_id, f.touches_money, f.times_agreed, f.times_seen,
          f.held_order_at is not null as held_already
