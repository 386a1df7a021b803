-- All attempts on the accounts of the orders $1 (uuid[]), those of a pair's other leg too, with what the chain showed
-- they moved. A market maker's have no signature of ours to look up: what the executor recorded stands for it. Locks
-- nothing.
select a.order_account, a.order_id, a.id, a.kind, a.signature, a.maker is not null as by_maker,
       a.last_valid_block_height, a.order_account_balance, a.outcome, a.slot, a.expected_input, a.minimum_output,
       m.attempt_id is not null as settled,
       coalesce(m.slot, case when a.signature is null and a.input_moved is not null then a.slot end) as moved_slot,
       coalesce(m.order_account_delta, -a.input_moved) as order_account_delta,
       coalesce(m.output_account_delta, a.output_moved, 0) as output_account_delta
from attempt a
left join attempt_movement m on m.attempt_id = a.id
where a.order_account in (select o.order_account from price_order o where o.id = any ($1::uuid[]))
order by a.order_account, a.signed_at, a.id
