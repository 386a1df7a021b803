#pragma once

#include <string_view>

#include "common/postgres/error.hpp"
#include "common/runtime/log.hpp"
#include "executor-service/actors/order.hpp"
#include "executor-service/core/order_write.hpp"
#include "executor-service/core/resolve.hpp"

namespace landfall::executor {

/// What people are told of an order's way: lines in the log, and the numbers of `order_metrics`. Nothing is decided or
/// written here.

/// A line about the order: its id and state, and where there is an attempt that it is about, that one's id and
/// signature.
void log_order(const order& o, const attempt* about, runtime::level level, std::string_view event,
               std::string_view why = {}, std::string_view detail = {});

/// A write that was committed and applied to `o`. Only moves and new attempts are worth a line.
void tell_written(const order& o, const order_write& w);

/// What is proven about a stored attempt, and newly so.
void tell_proven(const order& o, const attempt& a, const resolution& proven, const order_metrics& metrics);

/// Nothing is proven about a stored attempt, and has not been for so long that a person has to look.
void tell_overdue(const order& o, const attempt& a, doubt why, const order_metrics& metrics);

/// The database's no to a commit, which leads to the order being given back.
void tell_refused(const order& o, const attempt* about, const postgres::database_error& e);

void count_signed(attempt_kind kind, const order_metrics& metrics);

}  // namespace landfall::executor
