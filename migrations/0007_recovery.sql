-- What an executor claims, found in the time that a batch takes, whatever else there is: 100,000 orders that were in flight
-- when everything stopped, or as many that rest until a deadline.

set local role landfall_owner;

-- An order is due when neither its own next time nor anybody's lease is ahead: greatest(next_attempt_at, lease_until), in
-- which null counts as never. Claims read these indexes from their low end, so orders under a lease and orders that wait are
-- not even looked at, and an order whose lease ran out queues behind those that were due before that.
drop index price_order_work;
create index price_order_due_new on price_order ((greatest(next_attempt_at, lease_until)))
  where state = 'ready_execute' and held_at is null;
create index price_order_due_started on price_order ((greatest(next_attempt_at, lease_until)))
  where state in ('pending_deposit', 'depositing', 'ready_expire', 'executing', 'execute_success', 'execute_failed',
                  'partial_fill_success', 'ready_withdraw_output', 'withdrawing', 'withdraw_failed', 'ready_to_cancel')
    and held_at is null;

-- Deposits whose fate is not final: few, beside the open orders that rest for months.
create index attempt_deposit_unresolved on attempt (signed_at) where kind = 'deposit' and outcome is null;

reset role;
