-- The orders of wallet $2 among the ids $1, as the API shows them.
select o.id, o.order_type, o.state, o.wallet, o.vault, o.input_mint, o.output_mint, o.trigger_mint, o.input_amount,
       o.input_used, o.output_amount, o.trigger_condition, trim_scale(o.trigger_price_usd)::text as trigger_price_usd,
       o.slippage_bps, o.last_reason, o.last_detail,
       floor(extract(epoch from o.expires_at) * 1000)::bigint as expires_ms,
       floor(extract(epoch from o.created_at) * 1000)::bigint as created_ms,
       floor(extract(epoch from o.updated_at) * 1000)::bigint as updated_ms,
       floor(extract(epoch from o.triggered_at) * 1000)::bigint as triggered_ms
from price_order o
where o.id = any ($1::uuid[]) and o.wallet = $2
