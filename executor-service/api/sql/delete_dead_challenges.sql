-- Challenges that ran out are of no use to anyone. Takes no parameters; run now and then.
delete from auth_challenge where expires_at < clock_timestamp() - interval '1 minute'
