-- Preconditions: a transition agrees with the attempts, the evidence and the times that are stored. Each function names
-- what is missing, or returns null if nothing is.

set local role landfall_owner;

create function last_attempt(of_order uuid, wanted_kind text) returns attempt
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
  select a from attempt a where a.order_id = of_order and a.kind = wanted_kind order by a.ordinal desc limit 1
$$;

-- True if the other leg of the pair swapped the deposit that both share.
create function sibling_filled(order_of price_order) returns boolean
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
  select exists (
    select from price_order s
    where s.deposit_request_id = order_of.deposit_request_id and s.id <> order_of.id
      and s.state in ('execute_success', 'partial_fill_success', 'ready_withdraw_output', 'withdrawing',
                      'withdraw_failed', 'fill_success'))
$$;

-- True if what the user deposited is proven never to have arrived, or to have been undone: there is nothing to refund.
create function deposit_came_to_nothing(order_of price_order) returns boolean
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
  select exists (select from attempt a where a.order_account = order_of.order_account and a.kind = 'deposit'
                   and a.outcome in ('landed_failed', 'dead'))
     and not exists (select from attempt a where a.order_account = order_of.order_account and a.kind = 'deposit'
                       and (a.outcome is null or a.outcome = 'landed'))
$$;

create function refund_landed(order_of price_order) returns boolean
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
  select exists (select from attempt a where a.order_account = order_of.order_account and a.kind = 'refund'
                   and a.outcome = 'landed')
$$;

-- The attempt and the evidence that a transition names are its own.
create function missing_reference(new_order price_order) returns text
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if new_order.last_attempt_id is not null and not exists (
       select from attempt a where a.id = new_order.last_attempt_id and a.order_account = new_order.order_account) then
    return 'last_attempt_id is no attempt on its account';
  end if;
  if new_order.last_evidence_id is not null and not exists (
       select from evidence e where e.id = new_order.last_evidence_id and e.order_id = new_order.id) then
    return 'last_evidence_id is no evidence of it';
  end if;
  return null;
end
$$;

-- The trigger gives evidence of this very decision, unused, with a price that meets the condition.
create function missing_evidence(new_order price_order) returns text
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if not exists (select from evidence e where e.id = new_order.last_evidence_id and e.decision = new_order.state) then
    return 'the trigger gives no evidence for it';
  end if;
  if exists (select from order_transition t
             where t.evidence_id = new_order.last_evidence_id and t.role = 'trigger') then
    return 'the evidence was used before';
  end if;
  if new_order.state = 'ready_execute'
     and not exists (select from evidence e where e.id = new_order.last_evidence_id
                       and case new_order.trigger_condition when 'above' then e.price_usd >= new_order.trigger_price_usd
                                                            else e.price_usd <= new_order.trigger_price_usd end) then
    return 'the price in evidence does not meet its condition';
  end if;
  return null;
end
$$;

-- Out of pending_deposit and depositing.
create function missing_for_deposit(new_order price_order, transition text) returns text
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
as $$
declare
  stored boolean := exists (select from attempt a
                            where a.order_account = new_order.order_account and a.kind = 'deposit');
begin
  if transition = 'pending_deposit>depositing' and not stored then
    return 'no signed deposit is stored';
  end if;
  if transition = 'pending_deposit>deposit_failed' and stored then
    return 'a signed deposit is stored';
  end if;
  if transition = 'depositing>open'
     and not exists (select from attempt a where a.order_account = new_order.order_account and a.kind = 'deposit'
                       and (a.outcome = 'landed' or (a.outcome is null and a.confirmed_at is not null))) then
    return 'no deposit has landed';
  end if;
  if transition = 'depositing>deposit_failed' and not deposit_came_to_nothing(new_order) then
    return 'the deposit is not proven to have failed';
  end if;
  return null;
end
$$;

-- Out of executing and execute_success.
create function missing_for_swap(new_order price_order, transition text) returns text
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
as $$
declare
  swap attempt := last_attempt(new_order.id, 'swap');
begin
  if transition = 'executing>execute_success'
     and (swap.id is null or not (swap.outcome is not distinct from 'landed'
                                  or (swap.outcome is null and swap.confirmed_at is not null))) then
    return 'its last swap attempt is not seen landed';
  end if;
  if transition = 'executing>execute_failed' then
    -- A deposit that is confirmed but not yet finalized says nothing about a swap.
    if exists (select from attempt a where a.order_account = new_order.order_account and a.kind <> 'deposit'
                 and a.outcome is null) then
      return 'an attempt on its account is unresolved';
    end if;
    -- Each partial fill accounts for one landed swap; one more than those is a swap this order would forget.
    if (select count(*) from attempt a where a.order_id = new_order.id and a.kind = 'swap' and a.outcome = 'landed')
       > (select count(*) from order_transition t
          where t.order_id = new_order.id and t.to_state = 'partial_fill_success') then
      return 'a swap of it landed';
    end if;
  end if;
  if transition = 'execute_success>executing' and (swap.id is null or swap.outcome is not null) then
    return 'its last swap attempt is not open';
  end if;
  if transition like 'execute_success>%' and transition <> 'execute_success>executing'
     and swap.outcome is distinct from 'landed' then
    return 'its last swap attempt is not finalized';
  end if;
  return null;
end
$$;

-- Into and out of withdrawing.
create function missing_for_payout(new_order price_order, transition text) returns text
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
as $$
declare
  payout attempt := last_attempt(new_order.id, 'payout');
begin
  if new_order.state = 'withdrawing'
     and not exists (select from attempt a
                     where a.order_id = new_order.id and a.kind = 'payout' and a.outcome is null) then
    return 'no unresolved payout attempt is stored';
  end if;
  if transition = 'withdrawing>fill_success' and payout.outcome is distinct from 'landed' then
    return 'no payout of it landed';
  end if;
  if transition = 'withdrawing>withdraw_failed' and (payout.outcome is null or payout.outcome = 'landed') then
    return 'its last payout attempt is not proven to have failed';
  end if;
  return null;
end
$$;

-- Into the ends without a fill: expiry, cancel, the sibling's fill.
create function missing_for_return(new_order price_order, transition text, role_name text) returns text
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if transition = 'open>ready_expire' and rule_time() < new_order.expires_at then
    return format('it expires at %s', new_order.expires_at);
  end if;
  if transition = 'ready_expire>expired' and new_order.last_reason <> 'refunds_disabled'
     and not refund_landed(new_order) and not sibling_filled(new_order) and not deposit_came_to_nothing(new_order) then
    return 'no refund has landed';
  end if;
  if transition = 'ready_to_cancel>cancelled' and not refund_landed(new_order) and not sibling_filled(new_order) then
    return 'no refund has landed';
  end if;
  if transition = 'expired>ready_to_cancel' and refund_landed(new_order) then
    return 'its refund has landed';
  end if;
  if new_order.state = 'oco_cancelled' and not sibling_filled(new_order) then
    return 'its sibling has not filled';
  end if;
  if transition = 'execute_failed>ready_to_cancel' and role_name = 'executor'
     and new_order.cancel_requested_at is null then
    return 'nobody asked for a cancel';
  end if;
  return null;
end
$$;

-- What a transition lacks, or null if it lacks nothing.
create function missing_precondition(old_order price_order, new_order price_order, role_name text) returns text
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
as $$
declare
  transition text := old_order.state || '>' || new_order.state;
  missing text := missing_reference(new_order);
begin
  if missing is null and role_name = 'trigger' then
    missing := missing_evidence(new_order);
  end if;
  if missing is not null then
    return missing;
  end if;
  return case
    when old_order.state in ('pending_deposit', 'depositing') then missing_for_deposit(new_order, transition)
    when old_order.state in ('executing', 'execute_success') then missing_for_swap(new_order, transition)
    when 'withdrawing' in (old_order.state, new_order.state) then missing_for_payout(new_order, transition)
    else missing_for_return(new_order, transition, role_name)
  end;
end
$$;

reset role;
