-- The tokens that may be traded.
select mint, symbol, decimals, token_program, price_feed_id, enabled from token order by symbol
