-- Stores what wallet $1 has to sign, a message or a transaction ($2): the exact bytes $3, for $4 milliseconds.
insert into auth_challenge (wallet, kind, challenge, expires_at)
values ($1, $2, $3, clock_timestamp() + $4::bigint * interval '1 millisecond')
returning id
