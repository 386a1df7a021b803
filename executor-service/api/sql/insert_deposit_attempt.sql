-- Stores the user's signed deposit before its bytes leave the process. $1 id, $2 order, $3 order account, $4 signature,
-- $5 bytes, $6 blockhash, $7 last valid block height, $8 instance, $9 input amount.
insert into attempt (id, order_id, order_account, kind, ordinal, signature, transaction, blockhash,
                     last_valid_block_height, lease_epoch, instance, expected_input)
values ($1, $2, $3, 'deposit', 1, $4, $5, $6, $7, 0, $8, $9)
returning id
