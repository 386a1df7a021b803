-- The state of order $1.
select state from price_order where id = $1
