-- Subjects of open findings about a deposit without an order that has one now. Only the subject of this kind is an id,
-- hence the CASE. Locks nothing.
select f.subject
from discrepancy_finding f
join deposit_request r on r.id = case when f.kind = 'deposit_without_order' then f.subject::uuid end
where f.closed_at is null and f.kind = 'deposit_without_order' and r.consumed_at is not null
