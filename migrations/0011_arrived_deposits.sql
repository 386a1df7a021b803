-- A crafted deposit that arrived although its time to become an order was over: its owner sends the create call again, and
-- the order is made after all. That it arrived is what the verifier says, who saw it on the finalized chain; a deposit that
-- was signed long ago can do nothing else by then than lie there.

set local role landfall_owner;

-- Whether the verifier finds that the deposit of request `request_id` lies in its account, with no order that could use it.
create function deposit_arrived(request_id uuid) returns boolean
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
  select exists (select from discrepancy_finding f
                 where f.kind = 'deposit_without_order' and f.subject = request_id::text and f.closed_at is null)
$$;

-- As in 0003, but for the time after which a request is of no more use.
create or replace function price_order_create() returns trigger
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
  if request.expires_at <= clock_timestamp() and not deposit_arrived(request.id) then
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

revoke execute on function deposit_arrived(uuid) from public;

reset role;
