-- Adds or updates the tokens in $1; those without a price feed cannot be triggered on and are left out. A JSON array of
-- {"symbol","mint","decimals","priceFeedId","tokenProgram"?,"enabled"?}.
insert into token (mint, symbol, decimals, token_program, price_feed_id, enabled, updated_at)
select e ->> 'mint', e ->> 'symbol', (e ->> 'decimals')::smallint,
       coalesce(e ->> 'tokenProgram', 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'),
       lower(regexp_replace(e ->> 'priceFeedId', '^0x', '')), coalesce((e ->> 'enabled')::boolean, true), now()
from jsonb_array_elements($1::jsonb) e
where e ->> 'priceFeedId' is not null
on conflict (mint) do update
set symbol = excluded.symbol, decimals = excluded.decimals, token_program = excluded.token_program,
    price_feed_id = excluded.price_feed_id, enabled = excluded.enabled, updated_at = now()
returning symbol, mint, decimals, price_feed_id
