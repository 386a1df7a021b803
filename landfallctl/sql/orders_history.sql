-- The transitions of order $1, oldest first, with the signature of the attempt each was about.
select h.at, h.from_state, h.to_state, h.role, h.reason, a.signature, h.instance
from order_history h
left join attempt_history a on a.attempt_id = h.attempt_id
where h.order_id = $1
order by h.at
