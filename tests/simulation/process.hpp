#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/simulation/order_driver.hpp"
#include "tests/simulation/world.hpp"

namespace landfall::simulation {

/// One instance of the executor: dispatcher, commit writer, permits and chain actor around the orders, all lost in a
/// crash.
class process {
public:
  process(world& w, int number);

  void start();
  void crash();
  /// Stops for a while without noticing, and goes on.
  void pause(std::int64_t ms);
  void set_clock(std::int64_t offset_ms) {
    clock_offset_ = offset_ms;
  }
  void halt();

  [[nodiscard]] world& around() {
    return w_;
  }
  [[nodiscard]] int number() const {
    return number_;
  }
  [[nodiscard]] domain::utc_time now() const {
    return domain::from_unix_ms(w_.time.now() + clock_offset_);
  }

  /// To every endpoint. What is sent arrives even if the process dies.
  void broadcast(std::size_t transaction);
  /// To the market maker, whose answer may come.
  void hand_over(std::uint64_t serial, std::size_t transaction);
  /// One scan of every endpoint's history that is not scanned already.
  void search_history(std::uint64_t serial, std::size_t transaction);
  /// Through the commit writer: one unit after the other.
  void commit(std::uint64_t serial, write_unit unit, bool for_people);

  /// Waits for a permit to build; it ends with `release_permit`, or with its order.
  void acquire_permit(std::uint64_t serial, executor::attempt_kind kind);
  void release_permit(std::uint64_t serial);

  struct fresh_blockhash {
    std::uint64_t height = 0;
    std::uint64_t id = 0;
    std::uint64_t slot = 0;
  };
  /// Nothing: no endpoint gave one.
  std::optional<fresh_blockhash> blockhash();

  /// Runs `f(order_driver&)` after a while, if the order still lives then; a pause puts it off.
  template <class F>
  void later(std::int64_t delay, std::uint64_t serial, F f) {
    w_.time.after(delay, [this, generation = generation_, serial, f] { arrive(generation, serial, f); });
  }

private:
  /// The same for the process itself: `f(process&)`.
  template <class F>
  void soon(std::int64_t delay, F f) {
    later(delay, 0, f);
  }
  template <class F>
  void arrive(std::uint64_t generation, std::uint64_t serial, F f) {
    if (generation != generation_)
      return;
    if (paused())
      return w_.time.after(paused_until_ - w_.time.now(),
                           [this, generation, serial, f] { arrive(generation, serial, f); });
    if constexpr (std::is_invocable_v<F, process&>) {
      f(*this);
    } else if (auto* driver = find(serial)) {
      f(*driver);
    }
    forget_ended();
  }
  void forget_ended();

  [[nodiscard]] bool paused() const {
    return w_.time.now() < paused_until_;
  }
  order_driver* find(std::uint64_t serial);

  void claim_tick();
  void claim();
  void adopt();
  void lease_tick();
  void status_tick();
  void begin_round(std::size_t endpoint);
  void on_finalized(std::size_t endpoint, world::height_and_slot finalized);
  void on_statuses(std::size_t endpoint);

  void read_history(std::size_t at);
  void read_its_balance(std::size_t at);

  void write(std::size_t slot);
  void answer(std::size_t slot, std::uint64_t generation);

  struct status_told {
    std::uint64_t serial = 0;
    std::size_t transaction = 0;
    executor::observation seen;
  };
  struct endpoint_memory {
    std::uint64_t finalized_height = 0;
    std::uint64_t finalized_slot = 0;
    std::uint64_t status_slot_floor = 0;
    bool round_under_way = false;
    std::vector<status_told> answers;
  };
  struct permits {
    int free = 0;
    std::vector<std::uint64_t> holders;
    std::deque<std::uint64_t> waiting;
  };
  void grant(permits& from);
  struct scan {
    bool used = false;
    std::size_t endpoint = 0;
    std::uint64_t serial = 0;
    std::size_t transaction = 0;
    executor::observation seen;
  };
  struct commit_under_way {
    bool used = false;
    bool left = false;
    bool for_people = false;
    std::uint64_t generation = 0;
    std::uint64_t serial = 0;
    write_unit unit;
    commit_result result;
  };

  world& w_;
  int number_;
  std::uint64_t generation_ = 0;
  bool alive_ = false;
  instant paused_until_ = 0;
  std::int64_t clock_offset_ = 0;
  instant commit_writer_free_at_ = 0;
  std::uint64_t last_serial_ = 0;
  std::vector<std::unique_ptr<order_driver>> drivers_;
  permits swap_permits_;
  permits payment_permits_;
  std::vector<stored_order> adopting_;
  std::array<endpoint_memory, max_endpoints> endpoints_;
  std::vector<scan> scans_;
  std::vector<commit_under_way> commits_;
  std::optional<fresh_blockhash> hash_;
  domain::utc_time hash_at_{};
};

}  // namespace landfall::simulation
