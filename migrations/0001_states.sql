-- The nineteen states of a price order and the transitions between them.

set local role landfall_owner;

-- The states, and what the public API shows for each.
create table order_state (
  name text primary key,
  shown_as text not null,
  is_final boolean not null
);
create trigger refuse_truncate before truncate on order_state for each statement execute function refuse_change();

-- Which role may take an order from which state to which. A creation has from_state '(new)'.
create table allowed_transition (
  from_state text not null,
  to_state text not null references order_state (name),
  role text not null check (role in ('api', 'trigger', 'executor', 'operator')),
  primary key (from_state, to_state, role)
);
create trigger refuse_truncate before truncate on allowed_transition
  for each statement execute function refuse_change();

-- `expired` is not marked final: while the deposit is still in the order account the order can be cancelled. Once a
-- refund has landed, missing_precondition refuses that (0008).
insert into order_state (name, shown_as, is_final) values
  ('pending_deposit', 'pending', false),
  ('depositing', 'pending', false),
  ('deposit_failed', 'failed', true),
  ('open', 'open', false),
  ('ready_execute', 'executing', false),
  ('ready_expire', 'executing', false),
  ('executing', 'executing', false),
  ('execute_success', 'executing', false),
  ('execute_failed', 'executing', false),
  ('partial_fill_success', 'executing', false),
  ('ready_withdraw_output', 'executing', false),
  ('withdrawing', 'executing', false),
  ('withdraw_failed', 'failed', false),
  ('fill_success', 'filled', true),
  ('fill_failed', 'failed', false),
  ('ready_to_cancel', 'pending_withdraw', false),
  ('cancelled', 'cancelled', true),
  ('oco_cancelled', 'cancelled', true),
  ('expired', 'expired', false);

insert into allowed_transition (from_state, to_state, role) values
  ('(new)', 'pending_deposit', 'api'),
  ('pending_deposit', 'depositing', 'api'),
  ('pending_deposit', 'deposit_failed', 'executor'),
  ('depositing', 'open', 'executor'),
  ('depositing', 'open', 'api'),
  ('depositing', 'deposit_failed', 'executor'),
  ('depositing', 'deposit_failed', 'api'),
  ('open', 'ready_execute', 'trigger'),
  ('open', 'ready_expire', 'trigger'),
  ('open', 'ready_expire', 'executor'),
  ('open', 'ready_to_cancel', 'api'),
  ('open', 'oco_cancelled', 'executor'),
  ('ready_execute', 'executing', 'executor'),
  ('ready_execute', 'open', 'executor'),
  ('ready_execute', 'ready_to_cancel', 'api'),
  ('ready_execute', 'oco_cancelled', 'executor'),
  ('executing', 'execute_success', 'executor'),
  ('executing', 'execute_failed', 'executor'),
  ('execute_success', 'executing', 'executor'),
  ('execute_success', 'ready_withdraw_output', 'executor'),
  ('execute_success', 'partial_fill_success', 'executor'),
  ('execute_success', 'fill_failed', 'executor'),
  ('partial_fill_success', 'ready_execute', 'executor'),
  ('partial_fill_success', 'open', 'executor'),
  ('partial_fill_success', 'ready_expire', 'executor'),
  ('partial_fill_success', 'ready_to_cancel', 'api'),
  ('partial_fill_success', 'ready_withdraw_output', 'executor'),
  ('execute_failed', 'ready_execute', 'executor'),
  ('execute_failed', 'open', 'executor'),
  ('execute_failed', 'ready_expire', 'executor'),
  ('execute_failed', 'ready_to_cancel', 'api'),
  ('execute_failed', 'ready_to_cancel', 'executor'),
  ('ready_withdraw_output', 'withdrawing', 'executor'),
  ('withdrawing', 'fill_success', 'executor'),
  ('withdrawing', 'withdraw_failed', 'executor'),
  ('withdraw_failed', 'withdrawing', 'executor'),
  ('ready_to_cancel', 'cancelled', 'executor'),
  ('ready_to_cancel', 'cancelled', 'api'),
  ('ready_expire', 'expired', 'executor'),
  ('expired', 'ready_to_cancel', 'api'),
  ('fill_failed', 'ready_withdraw_output', 'operator'),
  ('fill_failed', 'ready_to_cancel', 'operator');

reset role;
