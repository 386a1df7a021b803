-- Stores a crafted deposit before the wallet sees it. $1 id, $2 wallet, $3 vault, $4 order account, $5 input mint, $6
-- output mint, $7 amount, $8 order sub type, $9 message bytes, $10 blockhash, $11 last valid block height, $12
-- milliseconds to live.
insert into deposit_request (id, wallet, vault, order_account, input_mint, output_mint, amount, order_type,
                             order_sub_type, message, blockhash, last_valid_block_height, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, 'price', $8, $9, $10, $11,
        clock_timestamp() + $12::bigint * interval '1 millisecond')
returning id
