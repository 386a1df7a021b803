-- The statements of this transaction see one moment, so that an order's state and its attempts agree. First of its
-- transaction.
set transaction isolation level repeatable read, read only
