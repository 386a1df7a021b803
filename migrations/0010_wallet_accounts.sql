-- The unfinished orders of a wallet, found beside all that it has finished.

set local role landfall_owner;

create index price_order_wallet_unfinished on price_order (wallet)
  where state not in ('deposit_failed', 'fill_success', 'cancelled', 'oco_cancelled');

reset role;
