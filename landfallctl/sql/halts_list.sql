-- Halts of all new signing, newest first.
select halted_at, reason, released_at, released_by from signing_halt order by halted_at desc
