-- Fills by market makers: a swap that is handed over partly signed. The maker signs last, so the transaction's id is known only
-- once the chain shows it; the quote id and the exact bytes stand for it until then.

set local role landfall_owner;

alter table attempt add column maker text check (length(maker) between 1 and 255);
alter table attempt add constraint attempt_maker check ((maker is null) = (quote_id is null));
-- Its own id is the quote's; what it has to be judged by is there from the start.
alter table attempt add constraint attempt_quote check (
  quote_id is null or (kind = 'swap' and quote_id = id::text and order_account_balance is not null and order_account_balance > 0
                       and expected_input is not null and minimum_output is not null));

comment on column attempt.maker is 'The endpoint of the market maker that the message was handed to; null where we send it ourselves.';

grant update (signature) on attempt to landfall_executor;

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

-- Why a death certificate does not prove that the attempt can never land, or null if it does. Where a market maker signs last
-- there is no id to ask for: each endpoint's history of the order account lacks the message, and each endpoint's own look at the
-- account agrees that nothing has left it.
create or replace function certificate_fault(dead attempt) returns text
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
  if jsonb_typeof(c->'endpoints_configured') is distinct from 'number' then return 'endpoints_configured is missing'; end if;
  configured := (c->>'endpoints_configured')::numeric;
  if configured < 1 then return 'no endpoint is configured'; end if;
  if jsonb_typeof(c->'observations') is distinct from 'array' then return 'observations are missing'; end if;

  for seen in select value from jsonb_array_elements(c->'observations') loop
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
      if jsonb_typeof(seen->'balance_slot') is distinct from 'number' or coalesce(seen->>'balance', '') !~ '^[0-9]{1,20}$' then
        return format('%s: its own look at the order account is missing', seen->>'endpoint');
      end if;
      if (seen->>'balance_slot')::numeric < (seen->>'finalized_slot')::numeric then
        return format('%s: it looked at the order account too early', seen->>'endpoint');
      end if;
      if (seen->>'balance')::numeric < dead.order_account_balance then
        return format('%s: the order account holds less than before the attempt', seen->>'endpoint');
      end if;
    end if;
    endpoints := endpoints || (seen->>'endpoint');
    lowest_slot := least(lowest_slot, (seen->>'finalized_slot')::numeric);
  end loop;
  if (select count(distinct e) from unnest(endpoints) e) < least(2, configured) then
    return 'too few endpoints answered for themselves';
  end if;

  if jsonb_typeof(c->'order_account') is distinct from 'object'
     or jsonb_typeof(c#>'{order_account,slot}') is distinct from 'number' then
    return 'the order account was not looked at';
  end if;
  if (c#>>'{order_account,slot}')::numeric < lowest_slot then
    return 'the order account was looked at too early';
  end if;
  if dead.kind <> 'deposit' and dead.order_account_balance is not null then
    if coalesce(c#>>'{order_account,balance}', '') !~ '^[0-9]{1,20}$' then return 'the order account''s balance is missing'; end if;
    if (c#>>'{order_account,balance}')::numeric < dead.order_account_balance then
      return 'the order account holds less than before the attempt';
    end if;
  end if;
  return null;
end
$$;

create or replace function attempt_guard() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  role_name text := session_role();
  carried_epoch bigint := new.write_epoch;
  epoch_in_force bigint;
  fault text;
  signature_before transaction_signature := old.signature;
begin
  new.write_epoch := null;
  if role_name is not distinct from 'executor' then
    select o.lease_epoch into epoch_in_force from price_order o where o.id = old.order_id for no key update;
    if carried_epoch is distinct from epoch_in_force then
      raise exception using errcode = 'LF003',
        message = format('attempt %s: the write carries epoch %s, in force is %s', old.id, coalesce(carried_epoch::text, 'none'), epoch_in_force);
    end if;
  elsif role_name is not distinct from 'api' then
    if old.kind <> 'deposit' or new.outcome is distinct from old.outcome then
      raise exception using errcode = 'LF007', message = format('attempt %s: api notes only what it sees of a deposit', old.id);
    end if;
  else
    raise exception using errcode = 'LF007', message = format('attempt %s is not for %s to change', old.id, coalesce(role_name, session_user));
  end if;

  -- A maker's id is what the chain shows: it comes with a confirmation or a landing, and goes with a rollback.
  if old.quote_id is not null and old.outcome is null then
    if (new.signature is not null) <> (new.confirmed_at is not null or new.outcome in ('landed', 'landed_failed') is true) then
      raise exception using errcode = 'LF007',
        message = format('attempt %s: a maker''s id is stored while the chain shows it, and only then', old.id);
    end if;
    signature_before := new.signature;
  end if;
  if (new.id, new.order_id, new.order_account, new.kind, new.ordinal, new.signature, new.quote_id, new.transaction, new.blockhash,
      new.last_valid_block_height, new.lease_epoch, new.instance, new.order_account_balance, new.expected_input,
      new.minimum_output, new.quote, new.signed_at, new.maker)
     is distinct from
     (old.id, old.order_id, old.order_account, old.kind, old.ordinal, signature_before, old.quote_id, old.transaction, old.blockhash,
      old.last_valid_block_height, old.lease_epoch, old.instance, old.order_account_balance, old.expected_input,
      old.minimum_output, old.quote, old.signed_at, old.maker) then
    raise exception using errcode = 'LF004', message = format('what attempt %s is never changes', old.id);
  end if;
  if old.broadcast_at is not null and new.broadcast_at is distinct from old.broadcast_at then
    raise exception using errcode = 'LF004', message = format('attempt %s was first broadcast at %s', old.id, old.broadcast_at);
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
      fault := 'it is noted as confirmed';
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
  return new;
end
$$;

create or replace view attempt_history as
select a.order_id,
       a.kind,
       a.signature,
       a.quote_id,
       a.outcome,
       a.slot,
       a.fee_lamports,
       a.signed_at,
       a.broadcast_at,
       a.resolved_at,
       a.certificate,
       a.id as attempt_id,
       a.maker
from attempt a
order by a.signed_at, a.id;

comment on column attempt_history.signature is 'The transaction''s id. Where a market maker signs last it is null until the chain shows it; quote_id names the attempt.';
comment on column attempt_history.broadcast_at is 'When its bytes first left the process, to the endpoints or to the maker.';
comment on column attempt_history.maker is 'The market maker that the message was handed to; null where we send it ourselves.';

revoke execute on all functions in schema public from public;

reset role;
