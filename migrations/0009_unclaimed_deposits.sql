-- Crafted deposits that no order was made of: the verifier asks whether one of them arrived all the same.

set local role landfall_owner;

create index deposit_request_unclaimed on deposit_request (created_at, id) where consumed_at is null;

comment on column discrepancy.order_id is 'Null where it is about a sum over all orders of a token, or about a deposit without an order.';
comment on column discrepancy.subject is 'The order, the attempt, the deposit request, or mint and side; one open row for each kind and subject.';

reset role;
