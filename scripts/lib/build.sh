# Sourced. Configures and builds one preset.
# shellcheck shell=bash

# build_preset PRESET [TARGET… -- CMAKE-OPTION…]
build_preset() {
  local preset="$1" targets=() options=()
  shift
  while (($# > 0)) && [[ "$1" != -- ]]; do
    targets+=("$1")
    shift
  done
  if (($# > 0)); then
    shift
    options=("$@")
  fi
  cd "$LANDFALL_ROOT" || return
  say "configuring build/$preset"
  run_logged "cmake" "$LANDFALL_VAR/log/configure-$preset.log" cmake --preset "$preset" "${options[@]}" ||
    fail "configuring failed; the message above names what is missing."
  say "building build/$preset with $LANDFALL_JOBS jobs; a first build takes several minutes"
  local command=(cmake --build --preset "$preset" --parallel "$LANDFALL_JOBS")
  if ((${#targets[@]} > 0)); then
    command+=(--target "${targets[@]}")
  fi
  NINJA_STATUS='[%f/%t, %e s] ' "${command[@]}" ||
    fail "the build of $preset failed; the compiler's message stands above."
}
