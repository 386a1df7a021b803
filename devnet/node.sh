# Sourced by run and test. Prints the path of a Node of at least 20.18, which litesvm and @solana/kit need.
devnet_node() {
  local dir="${here:?}" candidate
  for candidate in "$(command -v node || true)" "$dir"/node_modules/node-linux-*/bin/node \
    "$dir"/node_modules/node/bin/node; do
    [[ -n "$candidate" && -x "$candidate" ]] || continue
    if "$candidate" -e 'const [a, b] = process.versions.node.split(".").map(Number)
      process.exit(a > 20 || (a === 20 && b >= 18) ? 0 : 1)' 2>/dev/null; then
      echo "$candidate"
      return 0
    fi
  done
  echo "devnet: no Node of at least 20.18 found; run 'npm ci' in $dir" >&2
  return 1
}
