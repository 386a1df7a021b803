-- One page of the orders of wallet $1 and how many there are in all, counted in the same statement so that both agree.
-- $2 shows only 'active' or 'past' orders, as orderState has them, or null; $3 only orders that sell or buy this mint,
-- or null; $4 is the field to sort by, $5 whether ascending; $6 limit, $7 offset. Without a row on the page the id is
-- null.
with matching as materialized (
  select o.id,
         case $4::text
           when 'created_at' then o.created_at
           when 'expires_at' then o.expires_at
           else o.updated_at
         end as sort_time
  from price_order o
  join order_state s on s.name = o.state
  where o.wallet = $1
    and ($2::text is null
         or ($2::text = 'past') = (s.shown_as in ('filled', 'cancelled', 'expired', 'failed')))
    and ($3::text is null or $3::text in (o.input_mint, o.output_mint))
),
page as (
  select m.id,
         row_number() over (order by case when $5::boolean then m.sort_time end asc,
                                     case when not $5::boolean then m.sort_time end desc,
                                     case when $5::boolean then m.id end asc,
                                     case when not $5::boolean then m.id end desc) as place
  from matching m
)
select (select count(*) from matching) as total, p.id
from (values (1)) as one (row)
left join lateral (select id, place from page where place > $7::bigint and place <= $7::bigint + $6::bigint) p on true
order by p.place
