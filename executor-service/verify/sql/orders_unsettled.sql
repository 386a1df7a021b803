-- A page of the orders that are still on their way, newest first: at most $2, older than order $1 (null: from the
-- newest). Locks nothing.
select o.id
from price_order o
where o.state not in ('deposit_failed', 'fill_success', 'cancelled', 'oco_cancelled', 'expired')
  and ($1::uuid is null
       or (o.created_at, o.id) < (select p.created_at, p.id from price_order p where p.id = $1::uuid))
order by o.created_at desc, o.id desc
limit $2
