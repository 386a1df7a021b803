-- Tables of the life of a price order. Rules that need triggers and grants stand in the next migrations.
-- Amounts are unsigned 64-bit integers in a token's smallest unit, prices exact decimals in USD, times UTC,
-- addresses and signatures base58 as the chain shows them.

set local role landfall_owner;

create domain token_amount as numeric(20, 0) check (value >= 0 and value <= 18446744073709551615);
create domain price_usd as numeric(38, 18) check (value > 0);
create domain address as text check (value ~ '^[1-9A-HJ-NP-Za-km-z]{32,44}$');
create domain transaction_signature as text check (value ~ '^[1-9A-HJ-NP-Za-km-z]{64,88}$');

-- The nineteen states, and what the public API shows for each.
create table order_state (
  name text primary key,
  shown_as text not null,
  is_final boolean not null
);

-- Who may move an order from where to where. A creation has from_state '(new)'.
create table allowed_move (
  from_state text not null,
  to_state text not null references order_state (name),
  role text not null check (role in ('api', 'trigger', 'executor', 'operator')),
  primary key (from_state, to_state, role)
);

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

-- What a wallet has to sign to prove that it is itself. Single use, short life.
create table auth_challenge (
  id uuid primary key default gen_random_uuid(),
  wallet address not null,
  kind text not null check (kind in ('message', 'transaction')),
  challenge bytea not null,
  expires_at timestamptz not null,
  consumed_at timestamptz,
  created_at timestamptz not null default now()
);
create index auth_challenge_wallet on auth_challenge (wallet, kind, created_at desc);

-- A crafted deposit: the exact message the wallet has to sign, and the order account it pays into.
create table deposit_request (
  id uuid primary key,
  wallet address not null,
  vault address not null,
  order_account address not null unique,
  input_mint address not null references token (mint),
  output_mint address not null references token (mint),
  amount token_amount not null check (amount > 0),
  order_type text not null check (order_type in ('price')),
  order_sub_type text not null check (order_sub_type in ('single', 'oco', 'otoco')),
  message bytea not null,
  blockhash text not null,
  last_valid_block_height bigint not null check (last_valid_block_height > 0),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  -- set by the creation of its order, once
  consumed_at timestamptz,
  check (input_mint <> output_mint),
  foreign key (wallet, vault) references vault (wallet, vault)
);
create index deposit_request_wallet on deposit_request (wallet, created_at desc);

-- One row an order. The state moves only as allowed_move says.
create table price_order (
  id uuid primary key,
  wallet address not null,
  vault address not null,
  deposit_request_id uuid not null references deposit_request (id),
  leg smallint not null default 0,
  order_account address not null references deposit_request (order_account),
  output_account address not null,
  order_type text not null check (order_type in ('single', 'oco', 'otoco')),
  state text not null references order_state (name),
  input_mint address not null references token (mint),
  output_mint address not null references token (mint),
  trigger_mint address not null references token (mint),
  input_amount token_amount not null check (input_amount > 0),
  trigger_condition text not null check (trigger_condition in ('above', 'below')),
  trigger_price_usd price_usd not null,
  slippage_bps integer check (slippage_bps between 0 and 10000),
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  triggered_at timestamptz,
  cancel_requested_at timestamptz,
  -- what the chain showed, finalized
  input_used token_amount,
  output_amount token_amount,
  -- retries
  attempts_made integer not null default 0 check (attempts_made >= 0),
  next_attempt_at timestamptz not null default now(),
  -- what the last move gave as its grounds; copied into the audit row of that move
  last_reason text,
  last_detail text,
  last_attempt_id uuid,
  last_evidence_id uuid,
  last_instance text,
  -- lease: one executor instance at a time, the epoch grows with every take-over
  lease_epoch bigint not null default 0,
  lease_holder text,
  lease_until timestamptz,
  -- the epoch that the present UPDATE carries; checked by a trigger and always stored as null
  write_epoch bigint,
  held_at timestamptz,
  held_reason text,
  check (input_mint <> output_mint),
  check ((held_at is null) = (held_reason is null)),
  check (leg = 0 or (order_type = 'oco' and leg = 1)),
  check ((lease_holder is null) = (lease_until is null)),
  unique (deposit_request_id, leg)
);
create index price_order_wallet on price_order (wallet, created_at desc);
create index price_order_account on price_order (order_account);
create index price_order_open on price_order (trigger_mint) where state = 'open';
-- The trigger service reads on from where it stopped.
create index price_order_open_updated on price_order (updated_at, id) where state = 'open';
create index price_order_expiry on price_order (expires_at) where state = 'open';
-- What an executor may have to do something about.
create index price_order_work on price_order (next_attempt_at)
  where state in ('pending_deposit', 'depositing', 'ready_execute', 'ready_expire', 'executing', 'execute_success',
                  'execute_failed', 'partial_fill_success', 'ready_withdraw_output', 'withdrawing', 'withdraw_failed',
                  'ready_to_cancel');

-- What the trigger service saw when it decided. Never changed, never deleted.
create table evidence (
  id uuid primary key,
  order_id uuid not null references price_order (id),
  decision text not null check (decision in ('ready_execute', 'ready_expire')),
  source text not null,
  price_usd price_usd,
  confidence_usd numeric(38, 18),
  publish_time timestamptz,
  received_at timestamptz not null,
  gates jsonb not null,
  instance text not null,
  decided_at timestamptz not null default now(),
  check (decision = 'ready_expire' or (price_usd is not null and publish_time is not null))
);
create index evidence_order on evidence (order_id, decided_at);

-- One signed transaction. The row is durable before its bytes leave the process; the outcome is written once.
create table attempt (
  id uuid primary key,
  order_id uuid not null references price_order (id),
  order_account address not null,
  kind text not null check (kind in ('deposit', 'swap', 'payout', 'refund', 'close')),
  ordinal integer not null check (ordinal >= 1),
  signature transaction_signature unique,
  quote_id text unique,
  transaction bytea not null check (octet_length(transaction) between 1 and 1232),
  blockhash text not null,
  last_valid_block_height bigint not null check (last_valid_block_height > 0),
  lease_epoch bigint not null,
  instance text not null,
  -- what this attempt is expected to do, and the order account's balance when it was built (smallest units)
  order_account_balance token_amount,
  expected_input token_amount,
  minimum_output token_amount,
  quote jsonb,
  signed_at timestamptz not null default now(),
  broadcast_at timestamptz,
  -- seen at `confirmed` without error; may be taken back while the outcome is open
  confirmed_slot bigint,
  confirmed_at timestamptz,
  -- final
  outcome text check (outcome in ('landed', 'landed_failed', 'dead')),
  slot bigint,
  fee_lamports bigint,
  error jsonb,
  certificate jsonb,
  input_moved token_amount,
  output_moved token_amount,
  resolved_at timestamptz,
  write_epoch bigint,
  check (signature is not null or quote_id is not null),
  check (kind <> 'deposit' or signature is not null),
  check ((outcome is null) = (resolved_at is null)),
  check (outcome is distinct from 'dead' or certificate is not null),
  check (outcome not in ('landed', 'landed_failed') or slot is not null),
  check (outcome is distinct from 'landed_failed' or error is not null),
  unique (order_id, kind, ordinal)
);
-- Rule: at most one unresolved attempt an order account, whatever it is for; a deposit is the user's, and precedes all.
create unique index attempt_unresolved on attempt (order_account) where outcome is null and kind <> 'deposit';
create index attempt_order on attempt (order_id, signed_at);
create index attempt_account on attempt (order_account, kind);

-- Append-only audit: one row a move, written by a trigger in the same transaction.
create table order_move (
  id bigint generated always as identity primary key,
  order_id uuid not null references price_order (id),
  at timestamptz not null default clock_timestamp(),
  from_state text not null,
  to_state text not null,
  role text not null,
  instance text,
  lease_epoch bigint,
  reason text,
  detail text,
  attempt_id uuid references attempt (id),
  evidence_id uuid references evidence (id)
);
-- One evidence moves an order once.
create unique index order_move_evidence on order_move (evidence_id) where evidence_id is not null and role = 'trigger';
create index order_move_order on order_move (order_id, id);

-- An idempotency key belongs to one request body.
create table idempotency_key (
  wallet address not null,
  key text not null check (length(key) between 1 and 255),
  request text not null,
  body_sha256 bytea not null,
  order_id uuid references price_order (id),
  status integer,
  response text,
  created_at timestamptz not null default now(),
  primary key (wallet, key)
);

reset role;
