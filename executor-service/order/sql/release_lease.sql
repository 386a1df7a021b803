-- Gives back the lease of order $1 under epoch $2; it may be claimed again from $3 (milliseconds since 1970) on, or at
-- once if its state is not $4 any more, because another role changed it meanwhile. $5 is added to the count of tries.
update price_order
set lease_holder = null,
    lease_until = null,
    attempts_made = attempts_made + $5,
    next_attempt_at = case when state = $4 then to_timestamp($3 / 1000.0) else clock_timestamp() end,
    write_epoch = $2
where id = $1 and lease_epoch = $2
returning id
