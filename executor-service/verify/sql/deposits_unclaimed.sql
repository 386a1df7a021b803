-- A page of the crafted deposits that no order was made of in time, newest first: at most $2, older than
-- deposit request $1 (null: from the newest). Locks nothing.
select r.id, r.vault, r.order_account, r.input_mint, i.token_program as input_program, r.amount
from deposit_request r
join token i on i.mint = r.input_mint
where r.consumed_at is null
  and r.expires_at < clock_timestamp()
  and ($1::uuid is null
       or (r.created_at, r.id) < (select p.created_at, p.id from deposit_request p where p.id = $1::uuid))
order by r.created_at desc, r.id desc
limit $2
