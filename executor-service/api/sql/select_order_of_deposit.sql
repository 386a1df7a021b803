-- The order that wallet $2 created from deposit request $1, with its signed deposit.
select o.id, o.state, o.vault, o.order_account, o.input_mint, o.output_mint, o.trigger_mint, o.input_amount,
       o.trigger_condition, o.trigger_price_usd::text as trigger_price_usd, o.slippage_bps,
       floor(extract(epoch from o.expires_at) * 1000)::bigint as expires_ms,
       input.token_program as input_token_program,
       a.id as attempt_id, a.signature, a.transaction
from price_order o
join token input on input.mint = o.input_mint
left join attempt a on a.order_id = o.id and a.kind = 'deposit' and a.ordinal = 1
where o.deposit_request_id = $1 and o.wallet = $2 and o.leg = 0
