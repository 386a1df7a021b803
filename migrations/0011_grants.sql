-- What each role may do, by column where it matters. What is not granted is refused with 42501 before any rule is
-- asked.

set local role landfall_owner;

-- No function is anybody's to call, but for the one that the executor's statements name.
revoke execute on all functions in schema public from public;
grant execute on function json_from_outside(text) to landfall_executor;

-- Everybody compares the state table with the one compiled in.
grant select on order_state, allowed_transition
  to landfall_trigger, landfall_executor, landfall_api, landfall_verifier, landfall_operator;

-- trigger-service: watches open orders, stores what it saw, makes the transition.
grant select on price_order, token, evidence to landfall_trigger;
grant insert on evidence to landfall_trigger;
grant update (state, triggered_at, last_reason, last_detail, last_attempt_id, last_evidence_id, last_instance)
  on price_order to landfall_trigger;

-- executor-service, the executors.
grant select on token, vault, deposit_request, price_order, evidence, attempt, order_transition to landfall_executor;
grant update (state, input_used, output_amount, attempts_made, next_attempt_at,
              last_reason, last_detail, last_attempt_id, last_evidence_id, last_instance,
              lease_epoch, lease_holder, lease_until, write_epoch)
  on price_order to landfall_executor;
grant insert on attempt to landfall_executor;
grant update (broadcast_at, confirmed_slot, confirmed_at, outcome, slot, fee_lamports, error, certificate, input_moved,
              output_moved, resolved_at, signature, write_epoch)
  on attempt to landfall_executor;

-- executor-service, the public API.
grant select on token, vault, auth_challenge, deposit_request, price_order, evidence, attempt, order_transition,
                idempotency_key
  to landfall_api;
grant insert on vault, deposit_request to landfall_api;
grant insert, delete on auth_challenge to landfall_api;
grant update (consumed_at) on auth_challenge to landfall_api;
grant insert (id, wallet, vault, deposit_request_id, leg, order_account, output_account, order_type, state, input_mint,
              output_mint, trigger_mint, input_amount, trigger_condition, trigger_price_usd, slippage_bps, expires_at,
              created_at, updated_at, next_attempt_at,
              last_reason, last_detail, last_attempt_id, last_evidence_id, last_instance)
  on price_order to landfall_api;
-- next_attempt_at, so that a cancel is not left waiting for a retry's backoff.
grant update (state, trigger_condition, trigger_price_usd, slippage_bps, expires_at, cancel_requested_at,
              next_attempt_at, last_reason, last_detail, last_attempt_id, last_evidence_id, last_instance)
  on price_order to landfall_api;
grant insert on attempt to landfall_api;
grant update (broadcast_at, confirmed_slot, confirmed_at) on attempt to landfall_api;
grant insert on idempotency_key to landfall_api;
grant update (order_id, status, response) on idempotency_key to landfall_api;

-- The verifier reads all and may hold an order.
grant select on order_state, allowed_transition, token, vault, auth_challenge, deposit_request, price_order,
                evidence, attempt, order_transition, idempotency_key
  to landfall_verifier, landfall_operator;
grant update (held_at, held_reason) on price_order to landfall_verifier;
grant select on attempt_movement, discrepancy_finding, signing_halt to landfall_verifier, landfall_operator;
grant select on signing_halt to landfall_api, landfall_executor;
grant insert (attempt_id, slot, order_account_delta, output_account_delta, endpoint)
  on attempt_movement to landfall_verifier;
grant insert (kind, subject, order_id, attempt_id, detail, expected, observed, slot, endpoint, touches_money,
              times_agreed, agreed_slot)
  on discrepancy_finding to landfall_verifier;
grant update (detail, expected, observed, slot, endpoint, last_seen, times_seen, closed_at, times_agreed, agreed_slot,
              held_order_at)
  on discrepancy_finding to landfall_verifier;
grant insert (reason, mint, side, shortfall, slot, endpoint, instance) on signing_halt to landfall_verifier;

-- A person behind landfallctl: releases holds, decides where a held order goes on, keeps the list of tokens.
grant update (state, held_at, held_reason, last_reason, last_detail, last_attempt_id, last_evidence_id, last_instance)
  on price_order to landfall_operator;
grant insert, update on token to landfall_operator;
grant update (released_at, released_by) on signing_halt to landfall_operator;

reset role;
