-- The attempts of the orders $1, oldest first.
select a.order_id, a.id, a.kind, a.signature, a.outcome, a.error::text as error, a.order_account_balance,
       a.expected_input, a.minimum_output, a.input_moved, a.output_moved,
       floor(extract(epoch from a.signed_at) * 1000)::bigint as signed_ms,
       floor(extract(epoch from a.broadcast_at) * 1000)::bigint as broadcast_ms,
       floor(extract(epoch from a.confirmed_at) * 1000)::bigint as confirmed_ms,
       floor(extract(epoch from a.resolved_at) * 1000)::bigint as resolved_ms
from attempt a
where a.order_id = any ($1::uuid[])
order by a.signed_at, a.id
