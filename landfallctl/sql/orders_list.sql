-- Orders, newest first: $1 = state or null for all, $2 = wallet or null for all, $3 = how many at most.
select o.order_id, o.state, o.wallet, i.symbol as input, t.symbol as output, o.input_amount, o.output_amount,
       o.trigger_condition as trigger, trim_scale(o.trigger_price_usd) as price_usd, o.attempts, o.last_reason, o.held,
       o.created_at, o.updated_at
from order_overview o
join token i on i.mint = o.input_mint
join token t on t.mint = o.output_mint
where ($1::text is null or o.state = $1) and ($2::text is null or o.wallet = $2)
order by o.created_at desc
limit $3
