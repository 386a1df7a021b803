-- Order $1 has its deposit: attempt $2 is confirmed and the order account holds the amount. $3 instance. No row comes
-- back if it left that state meanwhile.
update price_order
set state = 'open', last_reason = 'deposit_confirmed', last_attempt_id = $2, last_instance = $3
where id = $1 and state = 'depositing'
returning id
