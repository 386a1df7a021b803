-- The tokens that may be traded, with the feed that watches each. No parameters, no locks.
select mint, price_feed_id
from token
where enabled
order by mint
