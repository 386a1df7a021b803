-- The row of order $1 in order_overview.
select * from order_overview where order_id = $1
