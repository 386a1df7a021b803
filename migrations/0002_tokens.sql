-- Tokens and vaults, and the types that all tables use. Amounts are unsigned 64-bit integers in a token's smallest
-- unit, prices exact decimals in USD, times UTC, addresses and signatures base58 as the chain shows them.

set local role landfall_owner;

create domain token_amount as numeric(20, 0) check (value >= 0 and value <= 18446744073709551615);
-- NaN counts as larger than every number.
create domain price_usd as numeric(38, 18) check (value > 0 and value <> 'NaN');
-- A time that comes: 'infinity' is none.
create domain deadline as timestamptz check (isfinite(value));
create domain address as text check (value ~ '^[1-9A-HJ-NP-Za-km-z]{32,44}$');
create domain transaction_signature as text check (value ~ '^[1-9A-HJ-NP-Za-km-z]{64,88}$');

-- A token that may be traded here, and the price feed that watches it.
create table token (
  mint address primary key,
  symbol text not null,
  decimals smallint not null check (decimals between 0 and 18),
  token_program address not null,
  price_feed_id text not null check (price_feed_id ~ '^[0-9a-f]{64}$'),
  enabled boolean not null default true,
  updated_at timestamptz not null default now()
);

-- A wallet's vault: the authority over its order accounts. The key is derived from the master secret, never stored.
create table vault (
  id uuid primary key default gen_random_uuid(),
  wallet address not null unique,
  vault address not null unique,
  key_version smallint not null default 1,
  created_at timestamptz not null default now(),
  unique (wallet, vault)
);
create trigger refuse_truncate before truncate on vault for each statement execute function refuse_change();
create trigger refuse_change before update or delete on vault for each row execute function refuse_change();

reset role;
