-- Changes the state of order $1 from $2 to $3 under lease epoch $4, and stores why: $5 reason, $6 detail, $7 attempt,
-- $8 instance. $9 is added to the count of tries; the order may be worked on again after $10 milliseconds.
update price_order
set state = $3,
    last_reason = $5,
    last_detail = $6,
    last_attempt_id = $7,
    last_evidence_id = null,
    last_instance = $8,
    attempts_made = attempts_made + $9,
    next_attempt_at = clock_timestamp() + $10 * interval '1 millisecond',
    write_epoch = $4
where id = $1 and state = $2
returning id
