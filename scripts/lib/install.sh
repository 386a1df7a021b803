# Sourced. Installs what is missing, and only that.
# shellcheck shell=bash
# The lists are read by name, in ensure_packages.
# shellcheck disable=SC2034

packages_build=(g++ make cmake ninja-build pkg-config ccache mold libcaf-dev libcpprest-dev libwebsocketpp-dev
  libboost-dev libboost-atomic-dev libboost-chrono-dev libboost-filesystem-dev libboost-random-dev libboost-regex-dev
  libboost-system-dev libboost-thread-dev rapidjson-dev libpqxx-dev libpq-dev libsodium-dev libssl-dev zlib1g-dev
  libspdlog-dev libfmt-dev prometheus-cpp-dev libcli11-dev libfiu-dev)
packages_run=(postgresql-15 nodejs npm curl jq ca-certificates procps)
packages_test=(doctest-dev)
packages_check=(clang-format clang-tidy shellcheck git)
packages_tsan=(dpkg-dev)

# ensure_packages GROUP…: groups are build, run, test, check, tsan.
ensure_packages() {
  local group missing=() package
  for group in "$@"; do
    local -n wanted="packages_$group"
    for package in "${wanted[@]}"; do
      package_present "$package" || missing+=("$package")
    done
  done
  if ((${#missing[@]} == 0)); then
    return 0
  fi
  have apt-get || fail "these are missing, and this is not a Debian system: ${missing[*]}. Install their equivalents."
  [[ "$(id -u)" == 0 ]] ||
    fail "these packages are missing: ${missing[*]}. Install them as root: apt-get install --no-install-recommends ${missing[*]}"
  # The server package would otherwise make and start a cluster of its own, which nothing here needs.
  if ! package_installed postgresql-common && [[ ! -e /etc/postgresql-common/createcluster.conf ]]; then
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  fi
  say "installing ${#missing[@]} packages: ${missing[*]}"
  apt_install "${missing[@]}" && return 0
  say "once more, with a fresh list of packages"
  run_logged "apt-get update" "$(install_log)" env DEBIAN_FRONTEND=noninteractive apt-get update || true
  apt_install "${missing[@]}" || fail "the packages could not be installed; check the network and /etc/apt, then run this again."
}

install_log() { printf '%s/log/install.log' "$LANDFALL_VAR"; }

apt_install() {
  # On a system whose package lists were never fetched the first try can only fail.
  if ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; then
    run_logged "apt-get update" "$(install_log)" env DEBIAN_FRONTEND=noninteractive apt-get update || return 1
  fi
  run_logged "apt-get install" "$(install_log)" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends -o Dpkg::Use-Pty=0 "$@"
}

package_installed() { [[ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]; }

# What counts is the tool, wherever it came from; a package that only brings headers has to be the system's.
package_present() {
  case "$1" in
    npm | curl | jq | git | ccache | mold | make | cmake | g++ | shellcheck | clang-format | clang-tidy) have "$1" ;;
    nodejs) have node ;;
    ninja-build) have ninja ;;
    pkg-config) have pkg-config ;;
    procps) have ps ;;
    postgresql-15) [[ -x "${POSTGRES_BIN:-/usr/lib/postgresql/15/bin}/initdb" ]] ;;
    *) package_installed "$1" ;;
  esac
}

# ensure_node_modules FOLDER: installs what the lock file names, when that is not what is there already. No install scripts: what
# they would compile fits the Node that runs npm, not the newer one that runs the devnet, and crashes it; all of it has a fallback.
ensure_node_modules() {
  local folder="$LANDFALL_ROOT/$1" stamp lock
  [[ -f "$folder/package-lock.json" ]] || fail "$1/package-lock.json is missing; restore it with git."
  stamp="$folder/node_modules/.landfall-lock"
  lock="$(sha256sum <"$folder/package-lock.json")"
  if [[ -f "$stamp" && "$(cat "$stamp")" == "$lock" ]]; then
    return 0
  fi
  if ! { [[ -f "$folder/node_modules/.package-lock.json" ]] && (cd "$folder" && npm ls --all >/dev/null 2>&1); }; then
    say "installing the Node packages of $1"
    (cd "$folder" && run_logged "npm ci in $1" "$LANDFALL_VAR/log/npm.log" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) ||
      fail "the Node packages of $1 could not be installed; check the network, then run this again."
  fi
  ensure_platform_packages "$1"
  printf '%s\n' "$lock" >"$stamp"
}

# npm skips an optional package whose "engines" the running Node does not meet: with Debian's Node 18 that is the chain's native
# part, which the newer Node that npm has just brought can well use. Asked for by name, it comes.
ensure_platform_packages() {
  local folder="$LANDFALL_ROOT/$1" cpu missing=() name version
  case "$(uname -m)" in
    x86_64) cpu=x64 ;;
    aarch64) cpu=arm64 ;;
    *) return 0 ;;
  esac
  while read -r name version; do
    [[ -d "$folder/node_modules/$name" ]] || missing+=("$name@$version")
  done < <(jq --raw-output --arg cpu "$cpu" '.packages | to_entries[] | select(.value.optional and (.key | split("node_modules/") | length == 2)
    and ((.value.os // []) | index("linux")) and ((.value.cpu // []) | index($cpu)) and ((.value.libc // ["glibc"]) | index("glibc")))
    | "\(.key | ltrimstr("node_modules/")) \(.value.version)"' "$folder/package-lock.json")
  if ((${#missing[@]} == 0)); then
    return 0
  fi
  (cd "$folder" && run_logged "npm install ${missing[*]}" "$LANDFALL_VAR/log/npm.log" \
    npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "${missing[@]}") ||
    fail "${missing[*]} could not be installed; check the network, then run this again."
}

# Prints the path of a Node that is new enough for the devnet's libraries.
find_node() {
  # shellcheck disable=SC2016
  here="$LANDFALL_ROOT/devnet" bash -c 'source "$here/node.sh"; devnet_node'
}
