-- The proven outcome of attempt $1, written once: $2 outcome, $3 slot, $4 fee in lamports, $5 error, $6 certificate,
-- $7 lease epoch, $8 the id that a market maker gave it, if one did.
update attempt
set outcome = $2,
    slot = $3,
    fee_lamports = $4,
    error = json_from_outside($5),
    certificate = $6::jsonb,
    signature = coalesce($8, signature),
    resolved_at = clock_timestamp(),
    write_epoch = $7
where id = $1 and outcome is null
returning id
