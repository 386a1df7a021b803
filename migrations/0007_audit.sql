-- The audit: one row a creation or transition, written by a trigger in the same transaction. A transition that cannot
-- be audited, or that what is stored contradicts (0008), does not happen.

set local role landfall_owner;

create table order_transition (
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
-- One evidence is used for one transition.
create unique index order_transition_evidence on order_transition (evidence_id)
  where evidence_id is not null and role = 'trigger';
create index order_transition_order on order_transition (order_id, id);

create function order_transition_guard() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if pg_trigger_depth() < 2 then
    raise exception using errcode = 'LF004', message = 'an audit row is written by a transition and by nothing else';
  end if;
  new.at := rule_time();
  return new;
end
$$;

create trigger order_transition_guard before insert on order_transition
  for each row execute function order_transition_guard();
create trigger refuse_truncate before truncate on order_transition for each statement execute function refuse_change();
create trigger refuse_change before update or delete on order_transition for each row execute function refuse_change();

-- Runs after the statement, so that one statement may write an attempt, its outcome or an evidence and the transition
-- in any order.
create function price_order_record_transition() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  role_name text := session_role();
  missing text;
begin
  if tg_op = 'UPDATE' then
    missing := missing_precondition(old, new, role_name);
    if missing is not null then
      raise exception using errcode = 'LF009',
        message = format('order %s may not go from %s to %s: %s', new.id, old.state, new.state, missing);
    end if;
  end if;
  insert into order_transition (order_id, from_state, to_state, role, instance, lease_epoch, reason, detail, attempt_id,
                                evidence_id)
  values (new.id, case tg_op when 'INSERT' then '(new)' else old.state end, new.state, role_name, new.last_instance,
          new.lease_epoch, new.last_reason, new.last_detail, new.last_attempt_id, new.last_evidence_id);
  -- The same payload is sent once a transaction.
  perform pg_notify('landfall_order', new.state);
  return null;
end
$$;

create trigger price_order_record_creation after insert on price_order
  for each row execute function price_order_record_transition();
create trigger price_order_record_transition after update on price_order
  for each row when (old.state is distinct from new.state) execute function price_order_record_transition();

reset role;
