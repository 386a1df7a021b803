-- Orders with an open finding, at most $1 of them by chance, so that none waits behind the others. Locks nothing.
select f.order_id
from discrepancy_finding f
where f.closed_at is null and f.order_id is not null
group by f.order_id
order by random()
limit $1
