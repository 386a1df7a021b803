-- What operators query. Names and columns are stable: a later migration may add columns at the end, never rename or
-- remove one.

set local role landfall_owner;

create view order_overview as
select o.id as order_id,
       o.deposit_request_id,
       o.leg,
       o.order_account,
       o.output_account,
       o.wallet,
       o.vault,
       o.order_type,
       o.state,
       s.shown_as,
       o.input_mint,
       o.output_mint,
       o.trigger_mint,
       o.input_amount,
       o.input_used,
       o.output_amount,
       o.trigger_condition,
       o.trigger_price_usd,
       o.slippage_bps,
       o.created_at,
       o.updated_at,
       o.expires_at,
       o.triggered_at,
       o.cancel_requested_at,
       (select count(*) from attempt a where a.order_id = o.id) as attempts,
       o.last_reason,
       o.held_at is not null as held,
       o.held_at,
       o.held_reason
from price_order o
join order_state s on s.name = o.state;

comment on view order_overview is 'One row an order, as it stands now.';
comment on column order_overview.leg is
  '0, or 1 for the second order of an OCO pair; both share deposit_request_id and order_account.';
comment on column order_overview.shown_as is 'orderState of the public API; state is its rawState.';
comment on column order_overview.input_amount is 'What was deposited, in the input token''s smallest unit.';
comment on column order_overview.input_used is
  'What finalized swaps took, in the input token''s smallest unit; null before the first.';
comment on column order_overview.output_amount is
  'What finalized swaps brought, in the output token''s smallest unit; null before the first.';
comment on column order_overview.attempts is 'Attempts stored for the order, of every kind.';
comment on column order_overview.last_reason is 'Reason code of the last transition.';
comment on column order_overview.held is
  'True while only an operator''s transitions are allowed; held_reason tells why.';

create view order_history as
select m.order_id,
       m.at,
       m.from_state,
       m.to_state,
       m.role,
       m.instance,
       m.reason,
       m.attempt_id,
       m.evidence_id
from order_transition m
order by m.id;

comment on view order_history is
  'One row a transition of an order, oldest first; a creation comes from the state (new).';
comment on column order_history.role is 'Which role made it: api, trigger, executor or operator.';
comment on column order_history.instance is 'The service instance, as it names itself.';
comment on column order_history.evidence_id is 'What the trigger service saw; see trigger_evidence.';
comment on column order_history.attempt_id is 'The attempt that the transition rests on; see attempt_history.';

create view attempt_history as
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

comment on view attempt_history is
  'One row an attempt: one signed transaction, or one message handed to a market maker, and what became of it.';
comment on column attempt_history.kind is 'deposit, swap, payout, refund or close.';
comment on column attempt_history.signature is
  'The transaction''s id. Where a market maker signs last it is null until the chain shows it; quote_id names the '
  'attempt.';
comment on column attempt_history.outcome is
  'landed, landed_failed or dead, written once; null while signed, sent or in doubt.';
comment on column attempt_history.slot is 'The slot it landed in, finalized.';
comment on column attempt_history.broadcast_at is
  'When its bytes first left the process, to the endpoints or to the maker.';
comment on column attempt_history.certificate is
  'Proof that a dead attempt can never land: each endpoint''s finalized height and null status, and the order account.';
comment on column attempt_history.maker is
  'The market maker that the message was handed to; null where we send it ourselves.';

create view trigger_evidence as
select e.order_id,
       e.id as evidence_id,
       e.decision,
       e.source,
       e.price_usd,
       e.confidence_usd,
       e.publish_time,
       e.received_at,
       e.gates,
       e.instance,
       e.decided_at
from evidence e
order by e.decided_at, e.id;

comment on view trigger_evidence is
  'One row a decision of the trigger service: what it saw when it decided. A decision that lost a race led to no '
  'transition; order_history tells which did.';
comment on column trigger_evidence.decision is 'ready_execute (the price) or ready_expire (the clock; no price then).';
comment on column trigger_evidence.confidence_usd is 'Half-width of the source''s confidence interval, in USD.';
comment on column trigger_evidence.publish_time is 'When the source says it published the price.';
comment on column trigger_evidence.received_at is 'When it reached the trigger service.';
comment on column trigger_evidence.gates is 'The quality gates the data passed, with what each measured and its limit.';

-- An order that goes through a stage twice counts twice; an order that never reaches the end of a stage does not count
-- in it.
create view service_latency as
with span as (
  select 'trigger_to_ready' as stage, m.at as ended_at, m.at - e.received_at as took
  from order_transition m
  join evidence e on e.id = m.evidence_id
  where m.role = 'trigger' and m.to_state = 'ready_execute'
  union all
  select 'ready_to_signed', a.signed_at, a.signed_at - ready.at
  from attempt a
  cross join lateral (select max(m.at) as at from order_transition m
                      where m.order_id = a.order_id and m.to_state = 'ready_execute' and m.at <= a.signed_at) ready
  where a.kind = 'swap' and ready.at is not null
  union all
  select 'signed_to_landed', coalesce(a.confirmed_at, a.resolved_at),
         coalesce(a.confirmed_at, a.resolved_at) - a.signed_at
  from attempt a
  where a.kind = 'swap' and a.outcome = 'landed'
  union all
  select 'landed_to_paid_out', paid.at, paid.at - landed.at
  from order_transition paid
  cross join lateral (select max(coalesce(a.confirmed_at, a.resolved_at)) as at from attempt a
                      where a.order_id = paid.order_id and a.kind = 'swap' and a.outcome = 'landed') landed
  where paid.to_state = 'fill_success' and landed.at is not null
)
select date_trunc('hour', ended_at) as hour,
       stage,
       count(*) as samples,
       (1000 * percentile_cont(0.50) within group (order by extract(epoch from took)::double precision)) as p50_ms,
       (1000 * percentile_cont(0.90) within group (order by extract(epoch from took)::double precision)) as p90_ms,
       (1000 * percentile_cont(0.99) within group (order by extract(epoch from took)::double precision)) as p99_ms
from span
group by 1, 2
order by 1, 2;

comment on view service_latency is
  'One row an hour and stage: how long orders took in the stages that ended in that hour.';
comment on column service_latency.hour is 'Start of the hour in which the stage ended.';
comment on column service_latency.stage is
  'trigger_to_ready: price received until the order was ready_execute; ready_to_signed: until the swap was signed; '
  'signed_to_landed: until it was seen confirmed; landed_to_paid_out: until fill_success.';
comment on column service_latency.samples is 'Stages measured.';

create view discrepancy as
select f.id,
       f.kind,
       f.order_id,
       f.attempt_id,
       f.detail,
       f.expected,
       f.observed,
       f.slot,
       f.endpoint,
       f.first_seen,
       f.last_seen,
       f.times_seen,
       f.closed_at,
       f.touches_money,
       f.subject,
       f.times_agreed,
       f.held_order_at
from discrepancy_finding f
order by f.id;

comment on view discrepancy is
  'One row a disagreement between these tables and the finalized chain that the verifier found, open and closed.';
comment on column discrepancy.kind is 'Stable code of what is wrong.';
comment on column discrepancy.order_id is
  'Null where it is about a sum over all orders of a token, or about a deposit without an order.';
comment on column discrepancy.attempt_id is 'Null where it is not about one transaction.';
comment on column discrepancy.detail is 'One sentence for people.';
comment on column discrepancy.expected is 'What should be, by what is stored; amounts in smallest units.';
comment on column discrepancy.observed is 'What the chain showed instead.';
comment on column discrepancy.slot is 'Finalized slot of the last pass that found it.';
comment on column discrepancy.endpoint is 'Who showed it.';
comment on column discrepancy.times_seen is 'Passes that found it.';
comment on column discrepancy.closed_at is 'When a later pass found it right; null while it is open.';
comment on column discrepancy.touches_money is
  'True if somebody''s money may be missing or paid twice; its order is held after a second pass that agrees.';
comment on column discrepancy.subject is
  'The order, the attempt, the deposit request, or mint and side; one open row for each kind and subject.';
comment on column discrepancy.times_agreed is
  'Passes at ever later slots in which two endpoints (one, where one is configured) agreed.';
comment on column discrepancy.held_order_at is 'When the order was held for it.';

grant select on order_overview, order_history, attempt_history, trigger_evidence, service_latency
  to landfall_operator, landfall_verifier, landfall_api, landfall_executor;
grant select on trigger_evidence, service_latency to landfall_trigger;
grant select on discrepancy to landfall_verifier, landfall_operator, landfall_api, landfall_executor;

reset role;
