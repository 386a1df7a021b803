-- Uses up challenge $1: no row comes back to whoever is second or too late.
update auth_challenge
set consumed_at = clock_timestamp()
where id = $1 and consumed_at is null and expires_at > clock_timestamp()
returning id
