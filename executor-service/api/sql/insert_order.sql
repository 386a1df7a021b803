-- Creates an order from a deposit request, whose row a trigger locks and consumes: of two at once, the second is
-- refused. $1 id, $2 wallet, $3 vault, $4 deposit request, $5 order account, $6 output account, $7 input mint, $8
-- output mint, $9 trigger mint, $10 input amount, $11 condition, $12 price, $13 slippage, $14 expiry in milliseconds
-- since 1970, $15 instance. The expiry is taken apart because an interval is multiplied in floating point: days and
-- milliseconds of a day stay exact in every year (the session is in UTC).
insert into price_order (id, wallet, vault, deposit_request_id, leg, order_account, output_account, order_type, state,
                         input_mint, output_mint, trigger_mint, input_amount, trigger_condition, trigger_price_usd,
                         slippage_bps, expires_at, last_reason, last_instance)
values ($1, $2, $3, $4, 0, $5, $6, 'single', 'pending_deposit', $7, $8, $9, $10, $11, $12, $13,
        timestamptz 'epoch' + $14::bigint / 86400000 * interval '1 day'
                            + $14::bigint % 86400000 * interval '1 millisecond',
        'created', $15)
returning id
