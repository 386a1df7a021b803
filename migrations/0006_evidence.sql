-- What the trigger service saw when it decided. Never changed, never deleted.

set local role landfall_owner;

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

create trigger refuse_truncate before truncate on evidence for each statement execute function refuse_change();
create trigger refuse_change before update or delete on evidence for each row execute function refuse_change();

reset role;
