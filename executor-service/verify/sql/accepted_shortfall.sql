-- The largest shortfall of the sum of mint $1 and side $2 under which an operator released a halt; 0 without one.
select coalesce(max(shortfall), 0)::text as shortfall
from signing_halt
where mint = $1 and side = $2 and released_at is not null
