-- What the public API keeps for itself: login challenges and idempotency keys.

set local role landfall_owner;

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

create function auth_challenge_guard() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if old.consumed_at is not null or to_jsonb(new) - 'consumed_at' <> to_jsonb(old) - 'consumed_at' then
    raise exception using errcode = 'LF004',
      message = format('challenge %s is answered once and never changes', old.id);
  end if;
  return new;
end
$$;

create trigger auth_challenge_guard before update on auth_challenge
  for each row execute function auth_challenge_guard();


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

create function idempotency_key_guard() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  -- Old keys are removed by their owner, never by a service.
  if tg_op = 'DELETE' then
    if session_role() is not null then
      raise exception using errcode = 'LF004', message = 'an idempotency key is not removed by a service';
    end if;
    return old;
  end if;
  if (new.wallet, new.key, new.request, new.body_sha256, new.created_at)
     is distinct from (old.wallet, old.key, old.request, old.body_sha256, old.created_at) then
    raise exception using errcode = 'LF004', message = 'an idempotency key belongs to one request body';
  end if;
  if old.order_id is not null and new.order_id is distinct from old.order_id then
    raise exception using errcode = 'LF004', message = 'an idempotency key belongs to one order';
  end if;
  if (old.status is not null or old.response is not null)
     and (new.status, new.response) is distinct from (old.status, old.response) then
    raise exception using errcode = 'LF004', message = 'the answer under an idempotency key is written once';
  end if;
  return new;
end
$$;

create trigger idempotency_key_guard before update or delete on idempotency_key
  for each row execute function idempotency_key_guard();
create trigger refuse_truncate before truncate on idempotency_key for each statement execute function refuse_change();

reset role;
