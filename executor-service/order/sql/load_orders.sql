-- The orders $1 (uuid[]) with their tokens and the craft they came from. Locks nothing: the caller holds their leases.
select o.id, o.state, o.wallet, o.vault, o.order_account, o.output_account,
       i.mint as input_mint, i.symbol as input_symbol,
       i.decimals as input_decimals, i.token_program as input_program,
       t.mint as output_mint, t.symbol as output_symbol,
       t.decimals as output_decimals, t.token_program as output_program,
       o.input_amount, o.slippage_bps, o.output_amount, o.attempts_made, o.lease_epoch,
       o.cancel_requested_at is not null as cancel_requested,
       floor(extract(epoch from o.expires_at) * 1000)::bigint as expires_ms,
       floor(extract(epoch from d.expires_at) * 1000)::bigint as deposit_expires_ms,
       floor(extract(epoch from o.triggered_at) * 1000)::bigint as triggered_ms
from price_order o
join deposit_request d on d.id = o.deposit_request_id
join token i on i.mint = o.input_mint
join token t on t.mint = o.output_mint
where o.id = any ($1::uuid[])
