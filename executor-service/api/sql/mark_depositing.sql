-- Order $1 has its signed deposit stored as attempt $2. $3 instance.
update price_order
set state = 'depositing', last_reason = 'deposit_stored', last_attempt_id = $2, last_instance = $3
where id = $1 and state = 'pending_deposit'
returning id
