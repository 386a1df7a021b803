-- For the metrics: open findings that touch money, those that do not, and whether a halt is in force. Locks nothing.
select count(*) filter (where touches_money) as money,
       count(*) filter (where not touches_money) as others,
       exists (select from signing_halt where released_at is null) as halted
from discrepancy_finding
where closed_at is null
