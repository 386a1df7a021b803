-- Orders with a transaction that landed within the last $1 milliseconds and was not compared with the chain yet, newest
-- first: at most $2. Older ones are met on the walk over all orders. Locks nothing.
select a.order_id
from attempt a
where a.outcome = 'landed'
  and a.resolved_at > now() - $1 * interval '1 millisecond'
  and not exists (select from attempt_movement m where m.attempt_id = a.id)
group by a.order_id
order by max(a.resolved_at) desc
limit $2
