-- Price orders: creation, lease, hold and transition. What a transition needs to be stored beside it stands in 0008.

set local role landfall_owner;

-- One row an order. The state changes only as allowed_transition says.
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
  expires_at deadline not null,
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
  -- why the last transition was made; copied into the audit row of that transition
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
-- What executors claim. An order is due when neither its own next time nor anybody's lease is ahead:
-- greatest(next_attempt_at, lease_until), in which null counts as never. Claims read these indexes from their low end,
-- so orders under a lease and orders that wait are not even read, and an order whose lease ran out queues behind those
-- due before that.
create index price_order_due_new on price_order ((greatest(next_attempt_at, lease_until)))
  where state = 'ready_execute' and held_at is null;
create index price_order_due_started on price_order ((greatest(next_attempt_at, lease_until)))
  where state in ('pending_deposit', 'depositing', 'ready_expire', 'executing', 'execute_success', 'execute_failed',
                  'partial_fill_success', 'ready_withdraw_output', 'withdrawing', 'withdraw_failed', 'ready_to_cancel')
    and held_at is null;
-- The unfinished orders of a wallet, beside all that it has finished: no swap of it may touch their accounts.
create index price_order_wallet_unfinished on price_order (wallet)
  where state not in ('deposit_failed', 'fill_success', 'cancelled', 'oco_cancelled');
-- What the verifier checks next.
create index price_order_created on price_order (created_at, id);
create index price_order_unsettled on price_order (created_at, id)
  where state not in ('deposit_failed', 'fill_success', 'cancelled', 'oco_cancelled', 'expired');


-- ---- Creation ----

create function price_order_create() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  role_name text := session_role();
  request deposit_request;
begin
  if not exists (select from allowed_transition t
                 where t.from_state = '(new)' and t.to_state = new.state and t.role = role_name) then
    raise exception using errcode = 'LF001',
      message = format('an order in state %s may not be created by %s', new.state, coalesce(role_name, session_user));
  end if;
  if new.lease_epoch <> 0 or new.lease_holder is not null or new.held_at is not null or new.attempts_made <> 0
     or new.triggered_at is not null or new.cancel_requested_at is not null
     or new.input_used is not null or new.output_amount is not null then
    raise exception using errcode = 'LF001', message = format('order %s is created with a past', new.id);
  end if;
  if new.last_reason is null or new.last_instance is null then
    raise exception using errcode = 'LF010',
      message = format('order %s is created without last_reason and last_instance', new.id);
  end if;

  -- The lock makes a second creation from the same request wait for the first, and then see it consumed.
  select * into request from deposit_request r where r.id = new.deposit_request_id for update;
  if not found then
    raise exception using errcode = 'LF006',
      message = format('deposit request %s does not exist', new.deposit_request_id);
  end if;
  -- The second leg of a pair is created in the transaction that created the first.
  if request.consumed_at is not null and not (new.leg = 1 and request.consumed_at = transaction_timestamp()) then
    raise exception using errcode = 'LF006', message = format('deposit request %s is consumed already', request.id);
  end if;
  if request.expires_at <= rule_time() and not deposit_arrived(request.id) then
    raise exception using errcode = 'LF006',
      message = format('deposit request %s expired at %s', request.id, request.expires_at);
  end if;
  if (new.wallet, new.vault, new.order_account, new.input_mint, new.output_mint, new.input_amount, new.order_type)
     is distinct from (request.wallet, request.vault, request.order_account, request.input_mint, request.output_mint,
                       request.amount, request.order_sub_type) then
    raise exception using errcode = 'LF006',
      message = format('order %s is not what deposit request %s was crafted for', new.id, request.id);
  end if;
  if request.consumed_at is null then
    update deposit_request set consumed_at = transaction_timestamp() where id = request.id;
  end if;

  new.write_epoch := null;
  new.created_at := now();
  new.updated_at := now();
  return new;
end
$$;

create trigger price_order_create before insert on price_order for each row execute function price_order_create();


-- ---- Changes: one function a rule, called by price_order_guard below ----

-- What an order is about never changes; its terms are edited by the api while it is open.
create function price_order_check_terms(old price_order, new price_order, role_name text) returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if (new.id, new.wallet, new.vault, new.deposit_request_id, new.leg, new.order_account, new.output_account,
      new.order_type, new.input_mint, new.output_mint, new.trigger_mint, new.input_amount, new.created_at)
     is distinct from
     (old.id, old.wallet, old.vault, old.deposit_request_id, old.leg, old.order_account, old.output_account,
      old.order_type, old.input_mint, old.output_mint, old.trigger_mint, old.input_amount, old.created_at) then
    raise exception using errcode = 'LF004', message = format('what order %s is about never changes', old.id);
  end if;
  if (new.trigger_condition, new.trigger_price_usd, new.slippage_bps, new.expires_at)
     is distinct from (old.trigger_condition, old.trigger_price_usd, old.slippage_bps, old.expires_at)
     and not (role_name is not distinct from 'api' and old.state = 'open' and new.state = 'open') then
    raise exception using errcode = 'LF004',
      message = format('the terms of order %s change only by api while it is open', old.id);
  end if;
end
$$;

-- Every write of an executor carries the epoch in force. A lease is taken under the next epoch, renewed by its holder
-- while it runs, given back at any time, and never changed by anybody else.
create function price_order_check_lease(old price_order, new price_order, role_name text, carried_epoch bigint)
returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  clock timestamptz := rule_time();
begin
  if role_name is distinct from 'executor' then
    if (new.lease_epoch, new.lease_holder, new.lease_until)
       is distinct from (old.lease_epoch, old.lease_holder, old.lease_until) then
      raise exception using errcode = 'LF005',
        message = format('order %s: only an executor changes a lease, not %s', old.id,
                         coalesce(role_name, session_user));
    end if;
    return;
  end if;
  if carried_epoch is distinct from new.lease_epoch then
    raise exception using errcode = 'LF003',
      message = format('order %s: the write carries epoch %s, in force is %s', old.id,
                       coalesce(carried_epoch::text, 'none'), new.lease_epoch);
  end if;
  if new.lease_epoch <> old.lease_epoch then
    if new.lease_epoch <> old.lease_epoch + 1 then
      raise exception using errcode = 'LF005',
        message = format('order %s: epoch %s cannot follow %s', old.id, new.lease_epoch, old.lease_epoch);
    end if;
    if old.held_at is not null then
      raise exception using errcode = 'LF002', message = format('order %s is held: %s', old.id, old.held_reason);
    end if;
    if new.lease_holder is null or new.lease_until <= clock or new.lease_until > clock + interval '10 minutes' then
      raise exception using errcode = 'LF005',
        message = format('order %s: a lease needs a holder and an end within the next 10 minutes', old.id);
    end if;
    if old.lease_holder is not null and old.lease_until > clock and old.lease_holder <> new.lease_holder then
      raise exception using errcode = 'LF005',
        message = format('order %s is leased to %s until %s', old.id, old.lease_holder, old.lease_until);
    end if;
  elsif (new.lease_holder, new.lease_until) is distinct from (old.lease_holder, old.lease_until)
        and new.lease_holder is not null then
    if new.lease_holder is distinct from old.lease_holder
       or new.lease_until <= clock or new.lease_until > clock + interval '10 minutes' then
      raise exception using errcode = 'LF005',
        message = format('order %s: a lease changes hands only under a new epoch, and lasts 10 minutes at most', old.id);
    end if;
    if old.lease_until <= clock then
      raise exception using errcode = 'LF003',
        message = format('order %s: the lease ran out at %s', old.id, old.lease_until);
    end if;
  end if;
end
$$;

-- The verifier sets a hold and nothing else; an operator sets and clears one.
create function price_order_check_hold(old price_order, new price_order, role_name text) returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if (new.held_at, new.held_reason) is distinct from (old.held_at, old.held_reason) then
    if role_name is not distinct from 'verifier' then
      if old.held_at is not null then
        raise exception using errcode = 'LF002',
          message = format('order %s is held: only an operator changes that', old.id);
      end if;
    elsif role_name is distinct from 'operator' then
      raise exception using errcode = 'LF002',
        message = format('order %s: %s sets and clears no hold', old.id, coalesce(role_name, session_user));
    end if;
  end if;
  if role_name is not distinct from 'verifier'
     and to_jsonb(new) - '{held_at,held_reason}'::text[] <> to_jsonb(old) - '{held_at,held_reason}'::text[] then
    raise exception using errcode = 'LF004',
      message = format('order %s: the verifier sets a hold and nothing else', old.id);
  end if;
end
$$;

-- The table allows the transition, no hold stands in its way, an executor makes it under a lease in force, and it gives
-- its own reason and instance. `given` names the columns that the statement sets.
create function price_order_check_transition(old price_order, new price_order, role_name text, given text[])
returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if old.held_at is not null and role_name is distinct from 'operator' then
    raise exception using errcode = 'LF002', message = format('order %s is held: %s', old.id, old.held_reason);
  end if;
  if not exists (select from allowed_transition t
                 where t.from_state = old.state and t.to_state = new.state and t.role = role_name) then
    raise exception using errcode = 'LF001',
      message = format('order %s may not go from %s to %s by %s', old.id, old.state, new.state,
                       coalesce(role_name, session_user));
  end if;
  -- Who takes the lease in the same statement has one: price_order_check_lease says so.
  if role_name = 'executor' and new.lease_epoch = old.lease_epoch
     and (old.lease_until is null or old.lease_until <= rule_time()) then
    raise exception using errcode = 'LF003', message = format('order %s: no lease is in force', old.id);
  end if;
  if new.last_reason is null or new.last_instance is null
     or not given @> array['reason', 'instance'] then
    raise exception using errcode = 'LF010',
      message = format('order %s: a transition sets its own last_reason and last_instance', old.id);
  end if;
end
$$;


-- ---- Changes: the triggers ----

-- SQL does not tell a trigger which columns a statement set, except by firing a trigger "update of" that column. Each
-- of these marks its column in a transaction-local setting, which price_order_guard reads and clears for the same row.
-- Without them a transition would carry what the transition before it gave.
create function price_order_mark_given() returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform set_config('landfall.given', concat(current_setting('landfall.given', true), ' ', tg_argv[0]), true);
  return new;
end
$$;

create trigger price_order_10_reason before update of last_reason on price_order
  for each row execute function price_order_mark_given('reason');
create trigger price_order_10_instance before update of last_instance on price_order
  for each row execute function price_order_mark_given('instance');
create trigger price_order_10_detail before update of last_detail on price_order
  for each row execute function price_order_mark_given('detail');
create trigger price_order_10_attempt before update of last_attempt_id on price_order
  for each row execute function price_order_mark_given('attempt');
create trigger price_order_10_evidence before update of last_evidence_id on price_order
  for each row execute function price_order_mark_given('evidence');

create function price_order_guard() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  role_name text := session_role();
  given text[] := string_to_array(coalesce(current_setting('landfall.given', true), ''), ' ');
  carried_epoch bigint := new.write_epoch;
begin
  perform set_config('landfall.given', '', true);
  new.write_epoch := null;
  perform price_order_check_terms(old, new, role_name);
  perform price_order_check_lease(old, new, role_name, carried_epoch);
  perform price_order_check_hold(old, new, role_name);
  if new.state <> old.state then
    perform price_order_check_transition(old, new, role_name, given);
    if not given @> array['detail'] then new.last_detail := null; end if;
    if not given @> array['attempt'] then new.last_attempt_id := null; end if;
    if not given @> array['evidence'] then new.last_evidence_id := null; end if;
  end if;
  new.updated_at := now();
  return new;
end
$$;

create trigger price_order_20_guard before update on price_order for each row execute function price_order_guard();

-- A statement that names the state it is in already was written for an order that has changed meanwhile.
create function price_order_refuse_same_state() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  raise exception using errcode = 'LF001', message = format('order %s is %s already', old.id, old.state);
end
$$;

create trigger price_order_30_same_state before update of state on price_order
  for each row when (old.state = new.state) execute function price_order_refuse_same_state();

create trigger refuse_truncate before truncate on price_order for each statement execute function refuse_change();
create trigger refuse_delete before delete on price_order for each row execute function refuse_change();

reset role;
