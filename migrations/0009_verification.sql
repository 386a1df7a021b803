-- What the verifier finds when it compares these tables with the finalized chain, and the halt that stops all new
-- signing. The rules: a finding is never rewritten into another one and never deleted; a halt is raised by the
-- verifier, released by an operator, once; while one is in force no executor stores a new attempt.

set local role landfall_owner;

-- What finalized transactions of ours moved, as the chain itself shows it. Written once for each landed attempt, after
-- its status was found as it is stored; from then on the attempt is settled for the verifier.
create table attempt_movement (
  attempt_id uuid primary key references attempt (id),
  slot bigint not null check (slot >= 0),
  -- Change of the order account's and of the output account's token balance, in smallest units; negative is out.
  order_account_delta numeric(20, 0) not null,
  output_account_delta numeric(20, 0) not null,
  endpoint text not null,
  seen_at timestamptz not null default now()
);

create trigger refuse_truncate before truncate on attempt_movement for each statement execute function refuse_change();
create trigger refuse_change before update or delete on attempt_movement for each row execute function refuse_change();

create table discrepancy_finding (
  id bigint generated always as identity primary key,
  kind text not null check (kind ~ '^[a-z_]+$'),
  -- What it is about: an order's id, an attempt's id, or a mint and a side. One open row a kind and subject.
  subject text not null check (subject <> ''),
  order_id uuid references price_order (id),
  attempt_id uuid references attempt (id),
  detail text not null,
  expected text,
  observed text,
  -- Of the last pass that found it.
  slot bigint not null check (slot >= 0),
  endpoint text not null,
  first_seen timestamptz not null default clock_timestamp(),
  last_seen timestamptz not null default clock_timestamp(),
  times_seen integer not null default 1 check (times_seen >= 1),
  closed_at timestamptz,
  touches_money boolean not null,
  -- Passes in which as many endpoints as needed agreed, each at a later finalized slot than the one before.
  times_agreed integer not null check (times_agreed >= 0),
  agreed_slot bigint,
  -- When the order was held for it; not done twice for one row, so that an operator's release stays.
  held_order_at timestamptz
);
create unique index discrepancy_finding_open on discrepancy_finding (kind, subject) where closed_at is null;
create index discrepancy_finding_order on discrepancy_finding (order_id) where order_id is not null;

create function discrepancy_finding_guard() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if old.closed_at is not null then
    raise exception using errcode = 'LF004', message = format('discrepancy %s is closed', old.id);
  end if;
  if (new.id, new.kind, new.subject, new.order_id, new.attempt_id, new.first_seen, new.touches_money)
     is distinct from
     (old.id, old.kind, old.subject, old.order_id, old.attempt_id, old.first_seen, old.touches_money) then
    raise exception using errcode = 'LF004', message = format('what discrepancy %s is about never changes', old.id);
  end if;
  if old.held_order_at is not null and new.held_order_at is distinct from old.held_order_at then
    raise exception using errcode = 'LF004',
      message = format('discrepancy %s held its order at %s', old.id, old.held_order_at);
  end if;
  return new;
end
$$;

-- True if the verifier finds that the deposit of this request lies in its account, with no order that could use it: its
-- owner sends the create call again, however late, and the order is made after all. A deposit that was signed long ago
-- can do nothing else by then than lie there.
create function deposit_arrived(request_id uuid) returns boolean
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
  select exists (select from discrepancy_finding f
                 where f.kind = 'deposit_without_order' and f.subject = request_id::text and f.closed_at is null)
$$;

create trigger discrepancy_finding_guard before update on discrepancy_finding
  for each row execute function discrepancy_finding_guard();
create trigger refuse_delete before delete on discrepancy_finding for each row execute function refuse_change();
create trigger refuse_truncate before truncate on discrepancy_finding
  for each statement execute function refuse_change();


-- ---- The halt ----

create table signing_halt (
  id bigint generated always as identity primary key,
  halted_at timestamptz not null default clock_timestamp(),
  reason text not null check (reason <> ''),
  -- Which row of the sums did not add up, by how much, and where it was read.
  mint address not null references token (mint),
  side text not null check (side in ('input', 'output')),
  shortfall numeric(30, 0) not null check (shortfall > 0),
  slot bigint not null check (slot >= 0),
  endpoint text not null,
  instance text not null,
  released_at timestamptz,
  released_by text check (released_by <> ''),
  check ((released_at is null) = (released_by is null))
);
-- At most one in force.
create unique index signing_halt_in_force on signing_halt ((true)) where released_at is null;

-- The advisory lock of this number is shared by all who store attempts and taken alone by who halts: once the halt is
-- committed, no attempt is under way that was checked before it.
create function signing_halt_guard() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  role_name text := session_role();
begin
  if tg_op = 'INSERT' then
    if role_name is distinct from 'verifier' or new.released_at is not null then
      raise exception using errcode = 'LF011', message = 'a halt is raised by the verifier, unreleased';
    end if;
    perform pg_advisory_xact_lock(7011);
    return new;
  end if;
  if role_name is distinct from 'operator' then
    raise exception using errcode = 'LF011', message = format('only an operator releases halt %s', old.id);
  end if;
  if old.released_at is not null
     or to_jsonb(new) - '{released_at,released_by}'::text[] <> to_jsonb(old) - '{released_at,released_by}'::text[] then
    raise exception using errcode = 'LF004', message = format('halt %s is released once and never changes', old.id);
  end if;
  return new;
end
$$;

create trigger signing_halt_guard before insert or update on signing_halt
  for each row execute function signing_halt_guard();
create trigger refuse_delete before delete on signing_halt for each row execute function refuse_change();
create trigger refuse_truncate before truncate on signing_halt for each statement execute function refuse_change();

create function attempt_refuse_in_halt() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  halt signing_halt;
begin
  perform pg_advisory_xact_lock_shared(7011);
  -- A statement of its own: it sees what was committed while the lock was waited for.
  select * into halt from signing_halt h where h.released_at is null;
  if found then
    raise exception using errcode = 'LF011',
      message = format('nothing is signed while halt %s of %s is in force: %s', halt.id, halt.halted_at, halt.reason);
  end if;
  return new;
end
$$;

-- A deposit is the user's own and only brings money in. The name puts it before attempt_create, so that the lock above
-- is taken before the order's row.
create trigger attempt_00_halt before insert on attempt
  for each row when (new.kind <> 'deposit') execute function attempt_refuse_in_halt();

reset role;
