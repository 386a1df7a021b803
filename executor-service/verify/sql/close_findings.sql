-- Questions that a pass answered in the order's favour: open findings of the kinds $1 and subjects $2 are closed.
update discrepancy_finding f
set closed_at = clock_timestamp()
from unnest($1::text[], $2::text[]) as r (kind, subject)
where f.closed_at is null and f.kind = r.kind and f.subject = r.subject
returning f.id, f.kind, f.subject
