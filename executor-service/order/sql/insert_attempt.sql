-- Stores a signed transaction before its bytes leave the process. A trigger locks the order's row, so that no
-- take-over, hold or cancel comes in between.
-- $1 id, $2 order, $3 order account, $4 kind, $5 ordinal, $6 signature, $7 bytes, $8 blockhash, $9 last valid block
-- height, $10 lease epoch, $11 instance, $12 order account's balance, $13 expected input, $14 minimum output, $15
-- quote, $16 quote id and $17 maker where a market maker signs last: there is no signature then.
insert into attempt (id, order_id, order_account, kind, ordinal, signature, transaction, blockhash,
                     last_valid_block_height, lease_epoch, instance, order_account_balance, expected_input,
                     minimum_output, quote, quote_id, maker)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, json_from_outside($15), $16, $17)
returning id
