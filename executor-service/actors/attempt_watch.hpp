#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <variant>

#include "executor-service/actors/order.hpp"
#include "executor-service/core/order_write.hpp"
#include "executor-service/core/resolve.hpp"

namespace landfall::executor {

/// An order under a lease and what it is worked on with: shared by the order's actor, which alone changes it, and the
/// parts that the actor is made of.
struct leased_order {
  order_actor::pointer self = nullptr;
  order o;
  std::shared_ptr<const order_dependencies> with;
};

namespace considered {

/// Nothing is proven that is not written down already: wait for more.
struct nothing_new {};
/// The account's balance is known now, and may prove something: consider again.
struct more_seen {};
/// To be written down.
struct proven {
  resolution what;
  /// What the transaction cost the fee payer, where it is final and that could be read.
  std::optional<std::uint64_t> fee_lamports;
};

}  // namespace considered

/// What all that was seen of an attempt comes to.
using consideration = std::variant<considered::nothing_new, considered::more_seen, considered::proven>;

/// Watches the one stored attempt whose fate is not proven: sends its bytes, has the endpoints' word on it told or
/// looked for, keeps what they say, and tells what that proves. It writes nothing: what follows from a proof, and
/// whether this is the time to ask for one, is its owner's to decide.
class attempt_watch {
public:
  explicit attempt_watch(const leased_order& at) : at_(at) {}

  /// The attempt being watched, as the order has it now; null while there is none.
  [[nodiscard]] const attempt* watched() const;

  /// Watches this attempt from now on and no other, with nothing seen of it. False if it is being watched already.
  bool start(const domain::attempt_id& id);
  void stop();
  /// Forgets what was seen of it, and has everything told again.
  void start_over();
  /// A maker's has to be looked for, each time anew. Does nothing for others, which are told of as it comes.
  void look_again();

  /// Until when to leave it alone, if it is open for too long and has been looked at for long enough this time, or if
  /// nobody would tell anything of it.
  [[nodiscard]] std::optional<domain::utc_time> rest_until() const;

  /// Sends the bytes that the database holds, and only they, unless they are seen confirmed. Returns what is still to
  /// be written down about the first time they went out, if anything; `noted` says whether that was done. Calls
  /// `on_its_way` once when they are, however it ended, and at once where nobody tells.
  [[nodiscard]] std::optional<write::note_broadcast> send(const std::function<void()>& on_its_way);
  void noted(bool written) {
    noted_ = written;
  }

  /// Whether this is news of the attempt being watched.
  [[nodiscard]] bool hear(const chain::status_update& m);
  [[nodiscard]] bool hear(const chain::history_update& m);

  /// While an attempt is watched. Calls `then` exactly once: at once, or when a balance or a fee that is needed has
  /// been read. Until then no other attempt is watched, and nothing considered again.
  void consider(std::function<void(const consideration&)> then);

private:
  [[nodiscard]] chain::status_listener listener() const;
  void watch(const attempt& a);
  void read_balance(const attempt& a, std::uint64_t min_slot, std::function<void(const consideration&)> then);
  void read_fee(const attempt& a, resolution proven, std::function<void(const consideration&)> then);

  const leased_order& at_;
  std::optional<domain::attempt_id> watched_;
  domain::utc_time since_{};
  /// Said of it since then.
  observation_set seen_;
  /// When this process first sent it, and whether that is written down or on its way.
  std::optional<domain::utc_time> sent_;
  bool noted_ = false;
  /// That it is in doubt for too long is told once.
  bool told_overdue_ = false;
  /// The chain took no watch of it.
  bool refused_ = false;
};

}  // namespace landfall::executor
