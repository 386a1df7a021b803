# Sourced by every script: where things are, how to speak, how to run something long.
# shellcheck shell=bash

LANDFALL_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
PORT_BASE="${PORT_BASE:-18000}"
LANDFALL_VAR="${LANDFALL_VAR:-$LANDFALL_ROOT/var}"
LANDFALL_JOBS="${LANDFALL_JOBS:-$(nproc)}"
export PORT_BASE LANDFALL_VAR

if [[ -t 1 && -z "${NO_COLOR:-}" ]]; then
  bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
else
  bold='' dim='' red='' green='' plain=''
fi

# One line of progress, with the seconds since the script began.
say() { printf '%s[%4ds]%s %s\n' "$dim" "$SECONDS" "$plain" "$*"; }
headline() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
good() { printf '%s[%4ds]%s %s%s%s\n' "$dim" "$SECONDS" "$plain" "$green" "$*" "$plain"; }
warn() { printf '%s%s%s\n' "$red" "$*" "$plain" >&2; }

# fail SENTENCE: says what is wrong and what to do, and ends the script.
fail() {
  warn "${0##*/}: $*"
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

check_port_base() {
  if ! [[ "$PORT_BASE" =~ ^[0-9]{4,5}$ && "$PORT_BASE" -ge 1024 && "$PORT_BASE" -le 65000 ]]; then
    fail "PORT_BASE is '$PORT_BASE'; give a number from 1024 to 65000."
  fi
}

# run_logged WHAT LOG COMMAND…: runs it with its output in LOG, says every 10 s that it still works,
# and shows the end of the log if it fails.
run_logged() {
  local what="$1" log="$2" began=$SECONDS pid rc=0
  shift 2
  mkdir -p "$(dirname "$log")"
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    for _ in {1..50}; do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.2
    done
    if kill -0 "$pid" 2>/dev/null; then
      say "$what … $((SECONDS - began)) s: $(tail -n 1 "$log" | tr -d '\r' | cut -c1-90)"
    fi
  done
  wait "$pid" || rc=$?
  if ((rc != 0)); then
    tail -n 25 "$log" >&2
    warn "${0##*/}: $what failed (exit $rc); the whole output is in $log."
  fi
  return "$rc"
}

# wait_until SECONDS COMMAND…: polls it; 1 when the time is over.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.2
  done
}

# The usage text of a script is its leading comment.
usage() { sed -n '2,/^[^#]/{/^#/!q;s/^# \{0,1\}//;p}' "$0"; }

wants_help() {
  local word
  for word in "$@"; do
    if [[ "$word" == "--help" || "$word" == "-h" ]]; then
      usage
      exit 0
    fi
  done
}
