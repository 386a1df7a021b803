-- Attempts: one row a signed transaction, or a message that a market maker signs last. Stored before it leaves,
-- resolved once.

set local role landfall_owner;

create table attempt (
  id uuid primary key,
  order_id uuid not null references price_order (id),
  order_account address not null,
  kind text not null check (kind in ('deposit', 'swap', 'payout', 'refund', 'close')),
  ordinal integer not null check (ordinal >= 1),
  -- Where a market maker signs last the id is known only once the chain shows it; the quote id and the bytes stand for
  -- it.
  signature transaction_signature unique,
  quote_id text unique,
  maker text check (length(maker) between 1 and 255),
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
  constraint attempt_maker check ((maker is null) = (quote_id is null)),
  -- A quote's id is the attempt's; what it has to be judged by is there from the start.
  constraint attempt_quote check (
    quote_id is null or (kind = 'swap' and quote_id = id::text and order_account_balance is not null
                         and order_account_balance > 0 and expected_input is not null and minimum_output is not null)),
  unique (order_id, kind, ordinal)
);
comment on column attempt.maker is
  'The endpoint of the market maker that the message was submitted to; null where we send it ourselves.';

-- Rule: at most one unresolved attempt an order account, whatever it is for; a deposit is the user's, and precedes all.
create unique index attempt_unresolved on attempt (order_account) where outcome is null and kind <> 'deposit';
create index attempt_order on attempt (order_id, signed_at);
create index attempt_account on attempt (order_account, kind);
create index attempt_landed on attempt (resolved_at) where outcome = 'landed';
-- Deposits whose fate is not final: few, beside the open orders that rest for months.
create index attempt_deposit_unresolved on attempt (signed_at) where kind = 'deposit' and outcome is null;

-- JSON of a stranger's as jsonb. What jsonb does not take, or would write out at a multiple of its length, must not
-- refuse the row that it belongs to: it is kept as text in a JSON string. 1e131071 takes six bytes in jsonb and 131,072
-- where it is read: a few thousand of them, and no backup gets past the row. So exponents of three digits or more stay
-- text; where such a text stands in a string of the answer, no harm is done.
create function json_from_outside(answer text) returns jsonb
language plpgsql immutable strict
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if answer ~ '(?:^|[:,[])\s*-?[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]{3}' then
    return to_jsonb(answer);
  end if;
  return answer::jsonb;
exception
  when data_exception or program_limit_exceeded then
    return to_jsonb(answer);
end
$$;

comment on function json_from_outside(text) is
  'JSON of a stranger''s as jsonb; where that is not to be had, the text itself as a JSON string.';


-- ---- Storing ----

-- True if an order in this state may have an attempt of this kind.
create function attempt_fits_state(kind text, state text) returns boolean
language sql immutable
set search_path = pg_catalog, public, pg_temp
as $$
  select case kind
    when 'deposit' then state in ('pending_deposit', 'depositing')
    when 'swap' then state = 'executing'
    when 'payout' then state in ('ready_withdraw_output', 'withdraw_failed', 'withdrawing')
    when 'refund' then state in ('ready_to_cancel', 'ready_expire')
    else state not in ('pending_deposit', 'depositing', 'open', 'ready_execute', 'executing')
  end
$$;

create function attempt_create() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  role_name text := session_role();
  target price_order;
begin
  -- The lock holds off a take-over, a hold and a cancel until this attempt is durable.
  select * into target from price_order o where o.id = new.order_id for no key update;
  if not found then
    raise exception using errcode = 'LF007', message = format('order %s does not exist', new.order_id);
  end if;
  if role_name is null or role_name not in ('api', 'executor') then
    raise exception using errcode = 'LF007',
      message = format('%s stores no attempts', coalesce(role_name, session_user));
  end if;
  if target.held_at is not null then
    raise exception using errcode = 'LF002', message = format('order %s is held: %s', target.id, target.held_reason);
  end if;
  if new.order_account <> target.order_account then
    raise exception using errcode = 'LF007',
      message = format('order %s has account %s, not %s', target.id, target.order_account, new.order_account);
  end if;
  if (new.kind = 'deposit') <> (role_name = 'api') then
    raise exception using errcode = 'LF007', message = format('%s stores no %s attempt', role_name, new.kind);
  end if;
  if not attempt_fits_state(new.kind, target.state) then
    raise exception using errcode = 'LF007',
      message = format('no %s attempt for an order in state %s', new.kind, target.state);
  end if;
  if role_name = 'api' then
    if new.lease_epoch <> 0 then
      raise exception using errcode = 'LF007', message = 'api holds no lease: its attempts carry epoch 0';
    end if;
  else
    if new.lease_epoch <> target.lease_epoch then
      raise exception using errcode = 'LF003',
        message = format('order %s: the attempt carries epoch %s, in force is %s', target.id, new.lease_epoch,
                         target.lease_epoch);
    end if;
    if target.lease_until is null or target.lease_until <= rule_time() then
      raise exception using errcode = 'LF003', message = format('order %s: no lease is in force', target.id);
    end if;
  end if;
  if new.broadcast_at is not null or new.confirmed_at is not null or new.confirmed_slot is not null
     or new.outcome is not null or new.resolved_at is not null or new.slot is not null or new.fee_lamports is not null
     or new.error is not null or new.certificate is not null or new.input_moved is not null or new.output_moved is not null then
    raise exception using errcode = 'LF007', message = 'an attempt is stored before anything can be known about it';
  end if;
  new.write_epoch := null;
  return new;
end
$$;

create trigger attempt_create before insert on attempt for each row execute function attempt_create();

-- A maker's id is never ours to give in advance.
create function attempt_quote_create() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if new.signature is not null then
    raise exception using errcode = 'LF007', message = 'an attempt with a maker is stored before its id is known';
  end if;
  return new;
end
$$;

create trigger attempt_quote_create before insert on attempt
  for each row when (new.quote_id is not null) execute function attempt_quote_create();


-- ---- Death certificates ----

-- What is wrong with one endpoint's observation in the death certificate of an attempt, or null. `by_history`: a market
-- maker signs last, so there is no id to ask for: the endpoint's history of the order account lacks the message, and
-- its own reading of the account after that shows that nothing has left it.
create function observation_fault(seen jsonb, dead attempt, by_history boolean) returns text
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if jsonb_typeof(seen) is distinct from 'object' or jsonb_typeof(seen->'endpoint') is distinct from 'string'
     or seen->>'endpoint' = '' then
    return 'an observation names no endpoint';
  end if;
  if jsonb_typeof(seen->'finalized_block_height') is distinct from 'number'
     or jsonb_typeof(seen->'finalized_slot') is distinct from 'number'
     or jsonb_typeof(seen->'status_context_slot') is distinct from 'number' then
    return format('%s: heights and slots are missing', seen->>'endpoint');
  end if;
  if (seen->>'finalized_block_height')::numeric < dead.last_valid_block_height + 2 then
    return format('%s: the finalized height is below the last valid one + 2', seen->>'endpoint');
  end if;
  if (seen->>'status_context_slot')::numeric < (seen->>'finalized_slot')::numeric then
    return format('%s: the status is older than the height', seen->>'endpoint');
  end if;
  if jsonb_typeof(seen->'status') is distinct from 'null' then
    return format('%s: the status is not null', seen->>'endpoint');
  end if;
  if seen->'searched_history' is distinct from 'true'::jsonb then
    return format('%s: the history was not searched', seen->>'endpoint');
  end if;
  if by_history then
    if jsonb_typeof(seen->'balance_slot') is distinct from 'number'
       or coalesce(seen->>'balance', '') !~ '^[0-9]{1,20}$' then
      return format('%s: its own reading of the order account is missing', seen->>'endpoint');
    end if;
    if (seen->>'balance_slot')::numeric < (seen->>'finalized_slot')::numeric then
      return format('%s: it read the order account too early', seen->>'endpoint');
    end if;
    if (seen->>'balance')::numeric < dead.order_account_balance then
      return format('%s: the order account holds less than before the attempt', seen->>'endpoint');
    end if;
  end if;
  return null;
end
$$;

-- Why a death certificate does not prove that the attempt can never land, or null if it does.
create function certificate_fault(dead attempt) returns text
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
as $$
declare
  c jsonb := dead.certificate;
  seen jsonb;
  endpoints text[] := '{}';
  configured numeric;
  lowest_slot numeric;
  by_history boolean;
  fault text;
begin
  if jsonb_typeof(c) is distinct from 'object' then return 'there is none'; end if;
  if c->>'rule' is distinct from 'finalized_height' and c->>'rule' is distinct from 'finalized_history' then
    return 'its rule is unknown';
  end if;
  by_history := c->>'rule' = 'finalized_history';
  if by_history <> (dead.quote_id is not null) then
    return 'its rule is not the one for this attempt';
  end if;
  if jsonb_typeof(c->'last_valid_block_height') is distinct from 'number'
     or (c->>'last_valid_block_height')::numeric <> dead.last_valid_block_height then
    return 'its last_valid_block_height is not the attempt''s';
  end if;
  if jsonb_typeof(c->'endpoints_configured') is distinct from 'number' then
    return 'endpoints_configured is missing';
  end if;
  configured := (c->>'endpoints_configured')::numeric;
  if configured < 1 then return 'no endpoint is configured'; end if;
  if jsonb_typeof(c->'observations') is distinct from 'array' then return 'observations are missing'; end if;

  for seen in select value from jsonb_array_elements(c->'observations') loop
    fault := observation_fault(seen, dead, by_history);
    if fault is not null then return fault; end if;
    endpoints := endpoints || (seen->>'endpoint');
    lowest_slot := least(lowest_slot, (seen->>'finalized_slot')::numeric);
  end loop;
  if (select count(distinct e) from unnest(endpoints) e) < least(2, configured) then
    return 'too few endpoints answered for themselves';
  end if;

  if jsonb_typeof(c->'order_account') is distinct from 'object'
     or jsonb_typeof(c#>'{order_account,slot}') is distinct from 'number' then
    return 'the order account was not read';
  end if;
  if (c#>>'{order_account,slot}')::numeric < lowest_slot then
    return 'the order account was read too early';
  end if;
  if dead.kind <> 'deposit' and dead.order_account_balance is not null then
    if coalesce(c#>>'{order_account,balance}', '') !~ '^[0-9]{1,20}$' then
      return 'the order account''s balance is missing';
    end if;
    if (c#>>'{order_account,balance}')::numeric < dead.order_account_balance then
      return 'the order account holds less than before the attempt';
    end if;
  end if;
  return null;
end
$$;


-- ---- Changes: one function a rule, called by attempt_guard below ----

-- An executor writes under the epoch in force, the lock on the order held; the api marks what it sees of a deposit.
create function attempt_check_writer(old attempt, new attempt, carried_epoch bigint) returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  role_name text := session_role();
  epoch_in_force bigint;
begin
  if role_name is not distinct from 'executor' then
    select o.lease_epoch into epoch_in_force from price_order o where o.id = old.order_id for no key update;
    if carried_epoch is distinct from epoch_in_force then
      raise exception using errcode = 'LF003',
        message = format('attempt %s: the write carries epoch %s, in force is %s', old.id,
                         coalesce(carried_epoch::text, 'none'), epoch_in_force);
    end if;
  elsif role_name is not distinct from 'api' then
    if old.kind <> 'deposit' or new.outcome is distinct from old.outcome then
      raise exception using errcode = 'LF007',
        message = format('attempt %s: api marks only what it sees of a deposit', old.id);
    end if;
  else
    raise exception using errcode = 'LF007',
      message = format('attempt %s is not for %s to change', old.id, coalesce(role_name, session_user));
  end if;
end
$$;

-- What an attempt is never changes. A maker's id alone comes with a confirmation or a landing, and goes with a
-- rollback.
create function attempt_check_identity(old attempt, new attempt) returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  signature_before transaction_signature := old.signature;
begin
  if old.quote_id is not null and old.outcome is null then
    if (new.signature is not null)
       <> (new.confirmed_at is not null or new.outcome in ('landed', 'landed_failed') is true) then
      raise exception using errcode = 'LF007',
        message = format('attempt %s: a maker''s id is stored while the chain shows it, and only then', old.id);
    end if;
    signature_before := new.signature;
  end if;
  if (new.id, new.order_id, new.order_account, new.kind, new.ordinal, new.signature, new.quote_id, new.transaction,
      new.blockhash, new.last_valid_block_height, new.lease_epoch, new.instance, new.order_account_balance,
      new.expected_input, new.minimum_output, new.quote, new.signed_at, new.maker)
     is distinct from
     (old.id, old.order_id, old.order_account, old.kind, old.ordinal, signature_before, old.quote_id, old.transaction,
      old.blockhash, old.last_valid_block_height, old.lease_epoch, old.instance, old.order_account_balance,
      old.expected_input, old.minimum_output, old.quote, old.signed_at, old.maker) then
    raise exception using errcode = 'LF004', message = format('what attempt %s is never changes', old.id);
  end if;
end
$$;

-- The first broadcast and the outcome are written once, the results with the outcome, and death only with its proof.
create function attempt_check_results(old attempt, new attempt) returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  fault text;
begin
  if old.broadcast_at is not null and new.broadcast_at is distinct from old.broadcast_at then
    raise exception using errcode = 'LF004',
      message = format('attempt %s was first broadcast at %s', old.id, old.broadcast_at);
  end if;
  if old.outcome is not null
     and (new.broadcast_at, new.confirmed_slot, new.confirmed_at, new.outcome, new.slot, new.fee_lamports, new.error,
          new.certificate, new.input_moved, new.output_moved, new.resolved_at)
         is distinct from
         (old.broadcast_at, old.confirmed_slot, old.confirmed_at, old.outcome, old.slot, old.fee_lamports, old.error,
          old.certificate, old.input_moved, old.output_moved, old.resolved_at) then
    raise exception using errcode = 'LF004', message = format('attempt %s is resolved: %s', old.id, old.outcome);
  end if;
  if new.outcome is null
     and (new.slot is not null or new.fee_lamports is not null or new.error is not null or new.certificate is not null
          or new.input_moved is not null or new.output_moved is not null or new.resolved_at is not null) then
    raise exception using errcode = 'LF007', message = format('attempt %s: results come with the outcome', old.id);
  end if;
  if old.outcome is null and new.outcome = 'dead' then
    if new.confirmed_at is not null then
      fault := 'it is marked as confirmed';
    else
      begin
        fault := certificate_fault(new);
      exception when data_exception then
        fault := 'it cannot be read';
      end;
    end if;
    if fault is not null then
      raise exception using errcode = 'LF008', message = format('attempt %s is not proven dead: %s', old.id, fault);
    end if;
  end if;
end
$$;

create function attempt_guard() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  carried_epoch bigint := new.write_epoch;
begin
  new.write_epoch := null;
  perform attempt_check_writer(old, new, carried_epoch);
  perform attempt_check_identity(old, new);
  perform attempt_check_results(old, new);
  return new;
end
$$;

create trigger attempt_guard before update on attempt for each row execute function attempt_guard();
create trigger refuse_truncate before truncate on attempt for each statement execute function refuse_change();
create trigger refuse_delete before delete on attempt for each row execute function refuse_change();

reset role;
