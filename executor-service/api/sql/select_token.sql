-- The token of mint $1, tradable or not.
select mint, decimals, token_program, price_feed_id, enabled from token where mint = $1
