#pragma once

#include <caf/all.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/domain/uuid.hpp"
#include "common/runtime/metrics.hpp"
#include "executor-service/order/build/maker/maker_client.hpp"

namespace landfall::executor {

namespace maker {

struct quote_request {
  maker_quote_request what;
};

struct offers {
  /// The one that pays most; nothing where nobody quoted in time.
  std::shared_ptr<const maker_offer> best;
};

/// The bytes that the database holds, and only they.
struct submit {
  domain::attempt_id attempt;
  std::string maker;
  std::string quote_id;
  solana::bytes transaction;
};

/// The actor's own: an answer that came on another thread.
struct arrived {
  std::shared_ptr<std::function<void()>> handle;
};

}  // namespace maker

using maker_actor = caf::typed_actor<
    /// Asks all makers at once; answers when each has answered or its deadline passed.
    caf::replies_to<maker::quote_request>::with<maker::offers>,
    /// Submits a stored message, again if need be. Not answered: only the chain shows what became of it.
    caf::reacts_to<maker::submit>, caf::reacts_to<maker::arrived>>;

struct maker_metrics {
  runtime::counter_handle quotes;
  runtime::counter_handle quotes_missed;
  runtime::counter_handle accepted;
  runtime::counter_handle rejected;
  runtime::counter_handle unanswered;
};

/// `makers` have distinct names; there may be none.
maker_actor spawn_maker(caf::actor_system& system, std::vector<std::shared_ptr<maker_api>> makers,
                        maker_metrics metrics = {});

}  // namespace landfall::executor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::maker::quote_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::maker::offers)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::maker::submit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::maker::arrived)
