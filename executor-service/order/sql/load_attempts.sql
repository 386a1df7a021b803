-- All attempts of the orders $1 (uuid[]), in the order in which they were signed. Locks nothing.
select a.order_id, a.id, a.kind, a.ordinal, a.signature, a.maker, a.transaction, a.blockhash, a.last_valid_block_height,
       a.order_account_balance, a.expected_input, a.minimum_output,
       floor(extract(epoch from a.signed_at) * 1000)::bigint as signed_ms,
       a.confirmed_slot, a.outcome, a.slot
from attempt a
where a.order_id = any ($1::uuid[])
order by a.order_id, a.signed_at, a.ordinal
