-- Everything order_overview tells about order $1.
select * from order_overview where order_id = $1
