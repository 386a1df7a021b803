# Sourced. The picture of an order's life, generated from the one table of transitions.
# shellcheck shell=bash

# Prints docs/order-states.md as it follows from common/domain/order_state.hpp.
order_states_page() {
  cat <<'TEXT'
# The states of a price order

Generated from `common/domain/order_state.hpp` by `scripts/check --write`; `scripts/check` fails when the two differ. A
test compares the same table with the migrated database. An arrow names who alone may make the transition: the database
role `landfall_…` of that name.
TEXT
  printf '\n```mermaid\nstateDiagram-v2\n'
  awk '
    /allowed_transitions = std::to_array/ { inside = 1; next }
    inside && /^\}\);/ { inside = 0 }
    inside && match($0, /\{.*\}/) {
      line = substr($0, RSTART + 1, RLENGTH - 2)
      gsub(/order_state::|role::|std::| /, "", line)
      split(line, f, ",")
      from = f[1] == "nullopt" ? "[*]" : f[1]
      by = f[3] == "operator_" ? "operator" : f[3]
      key = from " --> " f[2]
      if (!(key in who)) { order[++n] = key; who[key] = by } else who[key] = who[key] ", " by
    }
    END { for (i = 1; i <= n; i++) print "  " order[i] ": " who[order[i]] }' \
    "$LANDFALL_ROOT/common/domain/order_state.hpp"
  awk -F'"' '/^    \{order_state::.*true\},/ { print "  " $2 " --> [*]" }' \
    "$LANDFALL_ROOT/common/domain/order_state.hpp"
  printf '```\n\n| state | the public API shows | final |\n|---|---|---|\n'
  awk -F'"' '/^    \{order_state::[a-z_]+, "/ { printf "| `%s` | %s | %s |\n", $2, $4, ($5 ~ /true/ ? "yes" : "") }' \
    "$LANDFALL_ROOT/common/domain/order_state.hpp"
  cat <<'TEXT'

`expired` is final in practice once the refund is finalized; `fill_failed` waits for a person. A hold is not a state:
while `held_at` is set, only the operator's role may change the state.
TEXT
}
