# Sourced. Builds Debian's CAF with the thread sanitizer: without it every message between actors looks like a race.
# shellcheck shell=bash

# ensure_caf_tsan: var/caf-tsan/{include,lib}, made once.
ensure_caf_tsan() {
  local prefix="$LANDFALL_ROOT/var/caf-tsan" work="$LANDFALL_ROOT/var/caf-tsan-build" apt tarball
  if [[ -f "$prefix/lib/libcaf_core.a" ]]; then
    return 0
  fi
  say "building CAF with the thread sanitizer (once; about two minutes)"
  rm -rf "$work"
  mkdir -p "$work/lists/partial" "$work/source" "$prefix"
  apt="$work/sources.list"
  debian_source_lines >"$apt"
  # Lists of its own, so that the system's package lists stay as they are.
  local options=(-o "Dir::Etc::SourceList=$apt" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$work/lists"
    -o APT::Sandbox::User=root)
  run_logged "apt-get update (sources)" "$LANDFALL_VAR/log/caf-tsan.log" apt-get "${options[@]}" update ||
    fail "the list of source packages could not be fetched; check the network."
  (cd "$work/source" && run_logged "apt-get source" "$LANDFALL_VAR/log/caf-tsan.log" \
    apt-get "${options[@]}" source --tar-only --only-source actor-framework) ||
    fail "CAF's source package could not be fetched; check the network."
  tarball="$(compgen -G "$work/source/actor-framework_*.orig.tar.*" | grep -v '\.asc$' | head -n 1)"
  tar --extract --file="$tarball" --directory="$work/source" --strip-components=1
  run_logged "cmake (CAF)" "$LANDFALL_VAR/log/caf-tsan.log" cmake -S "$work/source" -B "$work/build" -G Ninja \
    -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_FLAGS='-fsanitize=thread -O1 -g1' -DCMAKE_INSTALL_PREFIX="$prefix" \
    -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_CXX_STANDARD=17 -DCAF_BUILD_STATIC=yes \
    -DCAF_BUILD_STATIC_ONLY=yes -DCAF_NO_IO=yes \
    -DCAF_NO_OPENSSL=yes -DCAF_NO_TOOLS=yes -DCAF_NO_EXAMPLES=yes -DCAF_NO_UNIT_TESTS=yes -DCAF_NO_OPENCL=yes \
    -DCAF_NO_PYTHON=yes || fail "CAF could not be configured."
  run_logged "building CAF" "$LANDFALL_VAR/log/caf-tsan.log" cmake --build "$work/build" --parallel "$LANDFALL_JOBS" ||
    fail "CAF could not be built."
  run_logged "installing CAF" "$LANDFALL_VAR/log/caf-tsan.log" cmake --install "$work/build" ||
    fail "CAF could not be installed."
  if [[ ! -f "$prefix/lib/libcaf_core.a" ]]; then
    find "$prefix" -name "libcaf_core*.a" -exec mv {} "$prefix/lib/libcaf_core.a" \;
  fi
  [[ -f "$prefix/lib/libcaf_core.a" ]] || fail "CAF was built, but libcaf_core.a is not in $prefix/lib."
  rm -rf "$work"
}

# deb-src lines for the archives that the system itself uses.
debian_source_lines() {
  local file uri codename
  # shellcheck source=/dev/null
  codename="$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")"
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    [[ -f "$file" ]] || continue
    sed -n -E 's/^deb (\[[^]]*\] )?([^ ]+) .* main.*/\2/p; s/^URIs: *([^ ]+).*/\1/p
      s/^deb (\[[^]]*\] )?([^ ]+) [^ ]+ main$/\2/p' "$file"
  done | sort -u | while read -r uri; do
    case "$uri" in
      */debian | */debian/) printf 'deb-src %s %s main\n' "$uri" "$codename" ;;
    esac
  done
}
