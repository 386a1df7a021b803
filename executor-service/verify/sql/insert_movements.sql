-- What landed attempts moved, as the chain shows it: $1 attempts (uuid[]), $2 slots, $3 and $4 changes of the order
-- account and of the output account, $5 endpoints. Another verifier may have been first with the same.
insert into attempt_movement (attempt_id, slot, order_account_delta, output_account_delta, endpoint)
select * from unnest($1::uuid[], $2::bigint[], $3::numeric[], $4::numeric[], $5::text[])
on conflict (attempt_id) do nothing
