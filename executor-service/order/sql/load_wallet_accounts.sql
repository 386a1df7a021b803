-- Both accounts of each unfinished order of the wallets $1 (text[]), a row a wallet: a wallet may have thousands, and a
-- batch many orders of one wallet, so they are read once for all of these. Locks nothing. The states as the index has
-- them, so that what a wallet finished long ago is not read.
select o.wallet, string_agg(o.order_account || ' ' || o.output_account, ' ') as accounts
from price_order o
where o.wallet = any ($1::text[])
  and o.state not in ('deposit_failed', 'fill_success', 'cancelled', 'oco_cancelled')
group by o.wallet
