-- Takes the lease of up to $3 orders that are on their way, those whose lease ran out included: $1 = holder, $2 = lease
-- in milliseconds. SKIP LOCKED, so that executors claiming at once share the work instead of waiting for each other;
-- the epoch grows with each claim, so that a former holder's writes are refused. Orders under a hold are left alone.
-- One's own running leases are not claimed again. statement_timestamp() and the whole expression, so that the index
-- bounds what is read; what is due longest comes first.
with due as (
  select id from price_order
  where state in ('pending_deposit', 'depositing', 'ready_expire', 'executing', 'execute_success', 'execute_failed',
                  'partial_fill_success', 'ready_withdraw_output', 'withdrawing', 'withdraw_failed', 'ready_to_cancel')
    and held_at is null
    and greatest(next_attempt_at, lease_until) <= statement_timestamp()
  order by greatest(next_attempt_at, lease_until)
  limit $3
  for no key update skip locked
)
update price_order o
set lease_epoch = o.lease_epoch + 1,
    lease_holder = $1,
    lease_until = clock_timestamp() + $2 * interval '1 millisecond',
    write_epoch = o.lease_epoch + 1
from due
where o.id = due.id
returning o.id
