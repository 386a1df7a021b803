-- Releases the halt in force, in the name of $1.
update signing_halt set released_at = now(), released_by = $1 where released_at is null
returning halted_at, reason, released_at, released_by
