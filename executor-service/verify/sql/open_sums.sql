-- Subjects of the sums that do not add up at present. Locks nothing.
select subject from discrepancy_finding where closed_at is null and kind = 'sum_short'
