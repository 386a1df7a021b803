-- Every account in which the finalized movements of ours have left something, and how much: order accounts (side input)
-- and output accounts (side output) of the orders on their way and of those that expired; what came to rest otherwise
-- is compared order by order. At most $1 rows. in_flight: an attempt is unresolved or not read, so the account proves
-- nothing. Locks nothing.
with live as (
  select o.id, o.order_account, o.output_account, o.input_mint, o.output_mint, o.vault
  from price_order o
  where o.state not in ('deposit_failed', 'fill_success', 'cancelled', 'oco_cancelled', 'expired')
  union all
  select o.id, o.order_account, o.output_account, o.input_mint, o.output_mint, o.vault
  from price_order o
  where o.state = 'expired'
    and not exists (select from attempt a
                    where a.order_account = o.order_account and a.kind = 'refund' and a.outcome = 'landed')
),
moved as (
  select a.order_account, a.order_id, a.kind, a.outcome is null as unresolved,
         coalesce(m.slot, case when a.signature is null and a.input_moved is not null then a.slot end) as slot,
         coalesce(m.order_account_delta, -a.input_moved) as order_account_delta,
         coalesce(m.output_account_delta, a.output_moved, 0) as output_account_delta
  from attempt a
  left join attempt_movement m on m.attempt_id = a.id
  where a.order_account in (select order_account from live) and (a.outcome is null or a.outcome = 'landed')
),
accounts as (
  select l.order_account as account, l.input_mint as mint, l.vault, 'input' as side,
         sum(m.order_account_delta) filter (where not m.unresolved and m.slot is not null) as booked,
         max(m.slot) as last_slot,
         bool_or(m.unresolved or m.slot is null) as in_flight
  from (select distinct order_account, input_mint, vault from live) l
  join moved m on m.order_account = l.order_account
  group by l.order_account, l.input_mint, l.vault
  union all
  select l.output_account, l.output_mint, l.vault, 'output',
         sum(m.output_account_delta) filter (where not m.unresolved and m.slot is not null),
         max(m.slot),
         bool_or(m.unresolved or m.slot is null)
  from live l
  join moved m on m.order_id = l.id and m.kind <> 'deposit'
  group by l.output_account, l.output_mint, l.vault
)
select a.account, a.mint, a.vault, a.side, t.token_program, coalesce(a.booked, 0) as booked,
       coalesce(a.last_slot, 0) as last_slot, a.in_flight
from accounts a
join token t on t.mint = a.mint
where a.booked > 0
order by a.account
limit $1
