-- What is stored of the orders $1 (uuid[]). Locks nothing: it is read again after the chain, and what changed is left
-- out.
select o.id, o.state, o.vault, o.order_account, o.output_account, o.input_mint, i.token_program as input_program,
       o.output_mint, t.token_program as output_program, o.input_amount, o.output_amount
from price_order o
join token i on i.mint = o.input_mint
join token t on t.mint = o.output_mint
where o.id = any ($1::uuid[])
order by o.created_at desc, o.id desc
