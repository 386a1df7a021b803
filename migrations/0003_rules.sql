-- The rules that the database keeps whatever the services believe. Every refusal has a SQLSTATE of its own (README.md).
-- The role is the one that logged in: session_user does not change inside a security definer function, nor under SET ROLE.
-- All trigger functions belong to landfall_owner and run as landfall_owner, so that a service needs no right beyond the
-- columns it writes. Times are compared with clock_timestamp(): now() stands still in a long transaction, a lease does not.

set local role landfall_owner;

-- 'api', 'trigger', 'executor', 'operator', 'verifier', 'agents', or null for anybody else.
create function session_role() returns text
language sql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
  select case session_user
    when 'landfall_api' then 'api'
    when 'landfall_trigger' then 'trigger'
    when 'landfall_executor' then 'executor'
    when 'landfall_operator' then 'operator'
    when 'landfall_verifier' then 'verifier'
    when 'landfall_agents' then 'agents'
  end
$$;

-- For tables whose rows nobody changes or removes.
create function refuse_change() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  raise exception using errcode = 'LF004', table = tg_table_name,
    message = format('%s on %s is refused: its rows stay as they were written', tg_op, tg_table_name);
end
$$;

create trigger refuse_truncate before truncate on order_state for each statement execute function refuse_change();
create trigger refuse_truncate before truncate on allowed_move for each statement execute function refuse_change();
create trigger refuse_truncate before truncate on vault for each statement execute function refuse_change();
create trigger refuse_truncate before truncate on deposit_request for each statement execute function refuse_change();
create trigger refuse_truncate before truncate on price_order for each statement execute function refuse_change();
create trigger refuse_truncate before truncate on evidence for each statement execute function refuse_change();
create trigger refuse_truncate before truncate on attempt for each statement execute function refuse_change();
create trigger refuse_truncate before truncate on order_move for each statement execute function refuse_change();
create trigger refuse_truncate before truncate on idempotency_key for each statement execute function refuse_change();

create trigger refuse_delete before delete on deposit_request for each row execute function refuse_change();
create trigger refuse_delete before delete on price_order for each row execute function refuse_change();
create trigger refuse_delete before delete on attempt for each row execute function refuse_change();
create trigger refuse_change before update or delete on vault for each row execute function refuse_change();
create trigger refuse_change before update or delete on evidence for each row execute function refuse_change();
create trigger refuse_change before update or delete on order_move for each row execute function refuse_change();


-- ---- Deposit requests: consumed once, by the creation of their order ----

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


-- ---- Orders: creation ----

create function price_order_create() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  role_name text := session_role();
  request deposit_request;
begin
  if not exists (select from allowed_move m
                 where m.from_state = '(new)' and m.to_state = new.state and m.role = role_name) then
    raise exception using errcode = 'LF001',
      message = format('an order in state %s may not be created by %s', new.state, coalesce(role_name, session_user));
  end if;
  if new.lease_epoch <> 0 or new.lease_holder is not null or new.held_at is not null or new.attempts_made <> 0
     or new.triggered_at is not null or new.cancel_requested_at is not null
     or new.input_used is not null or new.output_amount is not null then
    raise exception using errcode = 'LF001', message = format('order %s is created with a past', new.id);
  end if;
  if new.last_reason is null or new.last_instance is null then
    raise exception using errcode = 'LF010', message = format('order %s is created without last_reason and last_instance', new.id);
  end if;

  -- The lock makes a second creation from the same request wait for the first, and then see it consumed.
  select * into request from deposit_request r where r.id = new.deposit_request_id for update;
  if not found then
    raise exception using errcode = 'LF006', message = format('deposit request %s does not exist', new.deposit_request_id);
  end if;
  -- The second leg of a pair is created in the transaction that created the first.
  if request.consumed_at is not null and not (new.leg = 1 and request.consumed_at = transaction_timestamp()) then
    raise exception using errcode = 'LF006', message = format('deposit request %s is consumed already', request.id);
  end if;
  if request.expires_at <= clock_timestamp() then
    raise exception using errcode = 'LF006', message = format('deposit request %s expired at %s', request.id, request.expires_at);
  end if;
  if (new.wallet, new.vault, new.order_account, new.input_mint, new.output_mint, new.input_amount, new.order_type)
     is distinct from (request.wallet, request.vault, request.order_account, request.input_mint, request.output_mint,
                       request.amount, request.order_sub_type) then
    raise exception using errcode = 'LF006', message = format('order %s is not what deposit request %s was crafted for', new.id, request.id);
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


-- ---- Orders: changes ----

-- SQL does not tell a trigger which columns a statement set, except by firing a trigger "update of" that column. Each of these
-- notes its column in a transaction-local setting, which price_order_guard reads and clears for the same row. Without them
-- a move would carry the grounds that the move before it gave.
create function price_order_note_ground() returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform set_config('landfall.grounds_given', coalesce(current_setting('landfall.grounds_given', true), '') || ' ' || tg_argv[0], true);
  return new;
end
$$;

create trigger price_order_10_reason before update of last_reason on price_order
  for each row execute function price_order_note_ground('reason');
create trigger price_order_10_instance before update of last_instance on price_order
  for each row execute function price_order_note_ground('instance');
create trigger price_order_10_detail before update of last_detail on price_order
  for each row execute function price_order_note_ground('detail');
create trigger price_order_10_attempt before update of last_attempt_id on price_order
  for each row execute function price_order_note_ground('attempt');
create trigger price_order_10_evidence before update of last_evidence_id on price_order
  for each row execute function price_order_note_ground('evidence');

-- A statement that names the state it is in already was written for an order that has moved meanwhile.
create function price_order_refuse_standing_move() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  raise exception using errcode = 'LF001', message = format('order %s is %s already', old.id, old.state);
end
$$;

create trigger price_order_30_standing before update of state on price_order
  for each row when (old.state = new.state) execute function price_order_refuse_standing_move();

create function price_order_guard() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  role_name text := session_role();
  moves boolean := new.state <> old.state;
  acquires boolean := false;
  clock timestamptz := clock_timestamp();
  grounds text[] := string_to_array(coalesce(current_setting('landfall.grounds_given', true), ''), ' ');
  carried_epoch bigint := new.write_epoch;
begin
  perform set_config('landfall.grounds_given', '', true);
  new.write_epoch := null;

  if (new.id, new.wallet, new.vault, new.deposit_request_id, new.leg, new.order_account, new.output_account, new.order_type,
      new.input_mint, new.output_mint, new.trigger_mint, new.input_amount, new.created_at)
     is distinct from
     (old.id, old.wallet, old.vault, old.deposit_request_id, old.leg, old.order_account, old.output_account, old.order_type,
      old.input_mint, old.output_mint, old.trigger_mint, old.input_amount, old.created_at) then
    raise exception using errcode = 'LF004', message = format('what order %s is about never changes', old.id);
  end if;
  if (new.trigger_condition, new.trigger_price_usd, new.slippage_bps, new.expires_at)
     is distinct from (old.trigger_condition, old.trigger_price_usd, old.slippage_bps, old.expires_at)
     and not (role_name is not distinct from 'api' and old.state = 'open' and new.state = 'open') then
    raise exception using errcode = 'LF004',
      message = format('the terms of order %s change only by api while it is open', old.id);
  end if;

  -- The lease.
  if role_name is not distinct from 'executor' then
    if carried_epoch is distinct from new.lease_epoch then
      raise exception using errcode = 'LF003',
        message = format('order %s: the write carries epoch %s, in force is %s', old.id, coalesce(carried_epoch::text, 'none'), new.lease_epoch);
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
      acquires := true;
    elsif (new.lease_holder, new.lease_until) is distinct from (old.lease_holder, old.lease_until)
          and new.lease_holder is not null then
      if new.lease_holder is distinct from old.lease_holder
         or new.lease_until <= clock or new.lease_until > clock + interval '10 minutes' then
        raise exception using errcode = 'LF005',
          message = format('order %s: a lease changes hands only under a new epoch, and is renewed for 10 minutes at most', old.id);
      end if;
      if old.lease_until <= clock then
        raise exception using errcode = 'LF003', message = format('order %s: the lease ran out at %s', old.id, old.lease_until);
      end if;
    end if;
  elsif (new.lease_epoch, new.lease_holder, new.lease_until)
        is distinct from (old.lease_epoch, old.lease_holder, old.lease_until) then
    raise exception using errcode = 'LF005',
      message = format('order %s: only an executor changes a lease, not %s', old.id, coalesce(role_name, session_user));
  end if;

  -- The hold.
  if (new.held_at, new.held_reason) is distinct from (old.held_at, old.held_reason) then
    if role_name is not distinct from 'verifier' then
      if old.held_at is not null then
        raise exception using errcode = 'LF002', message = format('order %s is held: only an operator changes that', old.id);
      end if;
    elsif role_name is distinct from 'operator' then
      raise exception using errcode = 'LF002',
        message = format('order %s: %s sets and clears no hold', old.id, coalesce(role_name, session_user));
    end if;
  end if;
  if role_name is not distinct from 'verifier'
     and to_jsonb(new) - '{held_at,held_reason,write_epoch}'::text[] <> to_jsonb(old) - '{held_at,held_reason,write_epoch}'::text[] then
    raise exception using errcode = 'LF004', message = format('order %s: the verifier sets a hold and nothing else', old.id);
  end if;

  -- The move.
  if moves then
    if old.held_at is not null and role_name is distinct from 'operator' then
      raise exception using errcode = 'LF002', message = format('order %s is held: %s', old.id, old.held_reason);
    end if;
    if not exists (select from allowed_move m
                   where m.from_state = old.state and m.to_state = new.state and m.role = role_name) then
      raise exception using errcode = 'LF001',
        message = format('order %s may not move from %s to %s by %s', old.id, old.state, new.state, coalesce(role_name, session_user));
    end if;
    if role_name = 'executor' and not acquires and (old.lease_until is null or old.lease_until <= clock) then
      raise exception using errcode = 'LF003', message = format('order %s: no lease is in force', old.id);
    end if;
    if new.last_reason is null or new.last_instance is null
       or not grounds @> array['reason', 'instance'] then
      raise exception using errcode = 'LF010', message = format('order %s: a move sets its own last_reason and last_instance', old.id);
    end if;
    if not grounds @> array['detail'] then new.last_detail := null; end if;
    if not grounds @> array['attempt'] then new.last_attempt_id := null; end if;
    if not grounds @> array['evidence'] then new.last_evidence_id := null; end if;
  end if;

  new.updated_at := now();
  return new;
end
$$;

create trigger price_order_20_guard before update on price_order for each row execute function price_order_guard();


-- ---- Orders: a move agrees with what is known about the attempts ----
-- Runs after the statement, so that one statement may write an attempt, its outcome or an evidence and the move in any order.

-- True if the other leg of the pair swapped the deposit that both share.
create function sibling_filled(order_of price_order) returns boolean
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
  select exists (
    select from price_order s
    where s.deposit_request_id = order_of.deposit_request_id and s.id <> order_of.id
      and s.state in ('execute_success', 'partial_fill_success', 'ready_withdraw_output', 'withdrawing', 'withdraw_failed',
                      'fill_success'))
$$;

-- True if what the user deposited is proven never to have arrived, or to have been undone: there is nothing to send home.
create function deposit_came_to_nothing(order_of price_order) returns boolean
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
  select exists (select from attempt a where a.order_account = order_of.order_account and a.kind = 'deposit'
                   and a.outcome in ('landed_failed', 'dead'))
     and not exists (select from attempt a where a.order_account = order_of.order_account and a.kind = 'deposit'
                       and (a.outcome is null or a.outcome = 'landed'))
$$;

-- Why a move has no ground, or null if it has one.
create function missing_ground(old_order price_order, new_order price_order, role_name text) returns text
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
as $$
declare
  move text := old_order.state || '>' || new_order.state;
  last_swap attempt;
  last_payout attempt;
begin
  if new_order.last_attempt_id is not null and not exists (
       select from attempt a where a.id = new_order.last_attempt_id and a.order_account = new_order.order_account) then
    return 'last_attempt_id is no attempt on its account';
  end if;
  if new_order.last_evidence_id is not null and not exists (
       select from evidence e where e.id = new_order.last_evidence_id and e.order_id = new_order.id) then
    return 'last_evidence_id is no evidence of it';
  end if;
  if role_name = 'trigger' then
    if not exists (select from evidence e where e.id = new_order.last_evidence_id and e.decision = new_order.state) then
      return 'the trigger gives no evidence for it';
    end if;
    if exists (select from order_move m where m.evidence_id = new_order.last_evidence_id and m.role = 'trigger') then
      return 'the evidence moved it before';
    end if;
    if new_order.state = 'ready_execute'
       and not exists (select from evidence e where e.id = new_order.last_evidence_id
                         and case new_order.trigger_condition when 'above' then e.price_usd >= new_order.trigger_price_usd
                                                              else e.price_usd <= new_order.trigger_price_usd end) then
      return 'the price in evidence does not meet its condition';
    end if;
  end if;

  if old_order.state in ('executing', 'execute_success') then
    select * into last_swap from attempt a where a.order_id = new_order.id and a.kind = 'swap' order by a.ordinal desc limit 1;
  elsif old_order.state = 'withdrawing' then
    select * into last_payout from attempt a where a.order_id = new_order.id and a.kind = 'payout' order by a.ordinal desc limit 1;
  end if;

  case
    when move = 'pending_deposit>depositing' then
      if not exists (select from attempt a where a.order_account = new_order.order_account and a.kind = 'deposit') then
        return 'no signed deposit is stored';
      end if;
    when move = 'pending_deposit>deposit_failed' then
      if exists (select from attempt a where a.order_account = new_order.order_account and a.kind = 'deposit') then
        return 'a signed deposit is stored';
      end if;
    when move = 'depositing>open' then
      if not exists (select from attempt a where a.order_account = new_order.order_account and a.kind = 'deposit'
                       and (a.outcome = 'landed' or (a.outcome is null and a.confirmed_at is not null))) then
        return 'no deposit has landed';
      end if;
    when move = 'depositing>deposit_failed' then
      if not deposit_came_to_nothing(new_order) then
        return 'the deposit is not proven to have failed';
      end if;
    when move = 'open>ready_expire' then
      if clock_timestamp() < new_order.expires_at then
        return format('it expires at %s', new_order.expires_at);
      end if;
    when move = 'executing>execute_success' then
      if last_swap.id is null
         or not (last_swap.outcome is not distinct from 'landed'
                 or (last_swap.outcome is null and last_swap.confirmed_at is not null)) then
        return 'its last swap attempt is not seen landed';
      end if;
    when move = 'executing>execute_failed' then
      -- A deposit that is confirmed but not yet finalized says nothing about a swap.
      if exists (select from attempt a where a.order_account = new_order.order_account and a.kind <> 'deposit'
                   and a.outcome is null) then
        return 'an attempt on its account is unresolved';
      end if;
      -- Each partial fill accounts for one landed swap; one more than those is a swap this order would forget.
      if (select count(*) from attempt a where a.order_id = new_order.id and a.kind = 'swap' and a.outcome = 'landed')
         > (select count(*) from order_move m where m.order_id = new_order.id and m.to_state = 'partial_fill_success') then
        return 'a swap of it landed';
      end if;
    when move = 'execute_success>executing' then
      if last_swap.id is null or last_swap.outcome is not null then
        return 'its last swap attempt is not open';
      end if;
    when old_order.state = 'execute_success' then
      if last_swap.outcome is distinct from 'landed' then
        return 'its last swap attempt is not finalized';
      end if;
    when new_order.state = 'withdrawing' then
      if not exists (select from attempt a where a.order_id = new_order.id and a.kind = 'payout' and a.outcome is null) then
        return 'no unresolved payout attempt is stored';
      end if;
    when move = 'withdrawing>fill_success' then
      if last_payout.outcome is distinct from 'landed' then
        return 'no payout of it landed';
      end if;
    when move = 'withdrawing>withdraw_failed' then
      if last_payout.outcome is null or last_payout.outcome = 'landed' then
        return 'its last payout attempt is not proven to have failed';
      end if;
    when move = 'ready_expire>expired' then
      if new_order.last_reason <> 'refunds_disabled'
         and not exists (select from attempt a where a.order_account = new_order.order_account and a.kind = 'refund'
                           and a.outcome = 'landed')
         and not sibling_filled(new_order) and not deposit_came_to_nothing(new_order) then
        return 'no refund has landed';
      end if;
    when move = 'ready_to_cancel>cancelled' then
      if not exists (select from attempt a where a.order_account = new_order.order_account and a.kind = 'refund'
                       and a.outcome = 'landed')
         and not sibling_filled(new_order) then
        return 'no refund has landed';
      end if;
    when move = 'expired>ready_to_cancel' then
      if exists (select from attempt a where a.order_account = new_order.order_account and a.kind = 'refund'
                   and a.outcome = 'landed') then
        return 'its refund has landed';
      end if;
    when new_order.state = 'oco_cancelled' then
      if not sibling_filled(new_order) then
        return 'its sibling has not filled';
      end if;
    when move = 'execute_failed>ready_to_cancel' then
      if role_name = 'executor' and new_order.cancel_requested_at is null then
        return 'nobody asked for a cancel';
      end if;
    else null;
  end case;
  return null;
end
$$;

create function price_order_record_move() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  role_name text := session_role();
  missing text;
begin
  if tg_op = 'UPDATE' then
    missing := missing_ground(old, new, role_name);
    if missing is not null then
      raise exception using errcode = 'LF009',
        message = format('order %s may not move from %s to %s: %s', new.id, old.state, new.state, missing);
    end if;
  end if;
  insert into order_move (order_id, from_state, to_state, role, instance, lease_epoch, reason, detail, attempt_id, evidence_id)
  values (new.id, case tg_op when 'INSERT' then '(new)' else old.state end, new.state, role_name, new.last_instance,
          new.lease_epoch, new.last_reason, new.last_detail, new.last_attempt_id, new.last_evidence_id);
  -- The same payload is sent once a transaction.
  perform pg_notify('landfall_order', new.state);
  return null;
end
$$;

create trigger price_order_record_creation after insert on price_order
  for each row execute function price_order_record_move();
create trigger price_order_record_move after update on price_order
  for each row when (old.state is distinct from new.state) execute function price_order_record_move();

create function order_move_guard() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if pg_trigger_depth() < 2 then
    raise exception using errcode = 'LF004', message = 'an audit row is written by a move and by nothing else';
  end if;
  new.at := clock_timestamp();
  return new;
end
$$;

create trigger order_move_guard before insert on order_move for each row execute function order_move_guard();


-- ---- Attempts ----

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
    raise exception using errcode = 'LF007', message = format('%s stores no attempts', coalesce(role_name, session_user));
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
  if not (case new.kind
           when 'deposit' then target.state in ('pending_deposit', 'depositing')
           when 'swap' then target.state = 'executing'
           when 'payout' then target.state in ('ready_withdraw_output', 'withdraw_failed', 'withdrawing')
           when 'refund' then target.state in ('ready_to_cancel', 'ready_expire')
           else target.state not in ('pending_deposit', 'depositing', 'open', 'ready_execute', 'executing')
         end) then
    raise exception using errcode = 'LF007', message = format('no %s attempt for an order in state %s', new.kind, target.state);
  end if;
  if role_name = 'api' then
    if new.lease_epoch <> 0 then
      raise exception using errcode = 'LF007', message = 'api holds no lease: its attempts carry epoch 0';
    end if;
  else
    if new.lease_epoch <> target.lease_epoch then
      raise exception using errcode = 'LF003',
        message = format('order %s: the attempt carries epoch %s, in force is %s', target.id, new.lease_epoch, target.lease_epoch);
    end if;
    if target.lease_until is null or target.lease_until <= clock_timestamp() then
      raise exception using errcode = 'LF003', message = format('order %s: no lease is in force', target.id);
    end if;
  end if;
  if new.broadcast_at is not null or new.confirmed_at is not null or new.confirmed_slot is not null or new.outcome is not null
     or new.resolved_at is not null or new.slot is not null or new.fee_lamports is not null or new.error is not null
     or new.certificate is not null or new.input_moved is not null or new.output_moved is not null then
    raise exception using errcode = 'LF007', message = 'an attempt is stored before anything can be known about it';
  end if;
  new.write_epoch := null;
  return new;
end
$$;

create trigger attempt_create before insert on attempt for each row execute function attempt_create();

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
begin
  if jsonb_typeof(c) is distinct from 'object' then return 'there is none'; end if;
  if c->>'rule' is distinct from 'finalized_height' then return 'its rule is unknown'; end if;
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

create function attempt_guard() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  role_name text := session_role();
  carried_epoch bigint := new.write_epoch;
  epoch_in_force bigint;
  fault text;
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

  if (new.id, new.order_id, new.order_account, new.kind, new.ordinal, new.signature, new.quote_id, new.transaction, new.blockhash,
      new.last_valid_block_height, new.lease_epoch, new.instance, new.order_account_balance, new.expected_input,
      new.minimum_output, new.quote, new.signed_at)
     is distinct from
     (old.id, old.order_id, old.order_account, old.kind, old.ordinal, old.signature, old.quote_id, old.transaction, old.blockhash,
      old.last_valid_block_height, old.lease_epoch, old.instance, old.order_account_balance, old.expected_input,
      old.minimum_output, old.quote, old.signed_at) then
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

create trigger attempt_guard before update on attempt for each row execute function attempt_guard();


-- ---- Authentication challenges: answered once ----

create function auth_challenge_guard() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if old.consumed_at is not null or to_jsonb(new) - 'consumed_at' <> to_jsonb(old) - 'consumed_at' then
    raise exception using errcode = 'LF004', message = format('challenge %s is answered once and never changes', old.id);
  end if;
  return new;
end
$$;

create trigger auth_challenge_guard before update on auth_challenge for each row execute function auth_challenge_guard();


-- ---- Idempotency keys: one key, one request body ----

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

revoke execute on all functions in schema public from public;

reset role;
