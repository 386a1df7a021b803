-- Crafted deposits. A deposit request is consumed once, by the creation of its order.

set local role landfall_owner;

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
  expires_at deadline not null,
  -- set by the creation of its order, once
  consumed_at timestamptz,
  check (input_mint <> output_mint),
  foreign key (wallet, vault) references vault (wallet, vault)
);
create index deposit_request_wallet on deposit_request (wallet, created_at desc);
-- Requests without an order: the verifier asks the chain whether their deposit arrived all the same.
create index deposit_request_unclaimed on deposit_request (created_at, id) where consumed_at is null;

create function deposit_request_guard() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    if new.consumed_at is not null then
      raise exception using errcode = 'LF006', message = format('deposit request %s is born consumed', new.id);
    end if;
    return new;
  end if;
  if old.consumed_at is not null then
    raise exception using errcode = 'LF006', message = format('deposit request %s is consumed already', old.id);
  end if;
  if to_jsonb(new) - 'consumed_at' <> to_jsonb(old) - 'consumed_at' then
    raise exception using errcode = 'LF004', message = format('deposit request %s never changes', old.id);
  end if;
  return new;
end
$$;

create trigger deposit_request_guard before insert or update on deposit_request
  for each row execute function deposit_request_guard();
create trigger refuse_truncate before truncate on deposit_request for each statement execute function refuse_change();
create trigger refuse_delete before delete on deposit_request for each row execute function refuse_change();

reset role;
