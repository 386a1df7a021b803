-- Halts all new signing, unless a halt is in force: $1 reason, $2 mint, $3 side, $4 shortfall, $5 slot, $6 endpoint,
-- $7 instance. A trigger waits until every attempt is stored whose storing has begun.
insert into signing_halt (reason, mint, side, shortfall, slot, endpoint, instance)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict ((true)) where released_at is null do nothing
returning id
