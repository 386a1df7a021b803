# Sourced. A private PostgreSQL cluster: loopback only, no password for local users, made and ended by these scripts.
# shellcheck shell=bash

POSTGRES_BIN="${POSTGRES_BIN:-/usr/lib/postgresql/15/bin}"

# PostgreSQL refuses to run as root: as root everything of it runs as the user the package made.
as_postgres() {
  if [[ "$(id -u)" == 0 ]]; then
    (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups env HOME=/tmp "$@")
  else
    (cd / && exec "$@")
  fi
}

# postgres_home WANTED: WANTED, made and owned as needed; or a place below /var/lib/landfall with a link to it, where a
# folder above WANTED (such as /root) is closed to the user postgres.
postgres_home() {
  local wanted="$1" home="$1"
  mkdir -p "$(dirname "$wanted")"
  if [[ "$(id -u)" == 0 ]] && ! as_postgres test -x "$(dirname "$wanted")"; then
    home="/var/lib/landfall/$(printf '%s' "$wanted" | sha256sum | cut -c1-12)"
    mkdir -p "$home"
    ln -sfn "$home" "$wanted"
  fi
  mkdir -p "$home"
  if [[ "$(id -u)" == 0 ]]; then
    chown postgres:postgres "$home"
  fi
  chmod 700 "$home"
  printf '%s' "$home"
}

# scratch_port: a free port below the default PORT_BASE, and so below the ports that the tests draw
# (tests/support/ports.mjs).
scratch_port() {
  local port
  for _ in {1..50}; do
    port=$((10000 + RANDOM % 8000))
    if port_free "$port"; then
      printf '%s' "$port"
      return 0
    fi
  done
  fail "no free port between 10000 and 17999."
}

# postgres_start HOME PORT durable|scratch: makes the cluster if there is none, and starts it if it does not run.
postgres_start() {
  local home port="$2" kind="$3" settings
  home="$(postgres_home "$1")"
  [[ -x "$POSTGRES_BIN/initdb" ]] ||
    fail "PostgreSQL 15 is not in $POSTGRES_BIN; install it (apt-get install postgresql-15) or set POSTGRES_BIN."
  if ! postgres_exists "$home"; then
    say "making a PostgreSQL cluster in $1"
    settings=(--username=postgres --auth-local=reject --auth-host=trust --encoding=UTF8 --locale=C.UTF-8)
    if [[ "$kind" == scratch ]]; then
      settings+=(--no-sync)
    fi
    as_postgres "$POSTGRES_BIN/initdb" --pgdata="$home/data" "${settings[@]}" >"$LANDFALL_VAR/log/initdb.log" 2>&1 ||
      { cat "$LANDFALL_VAR/log/initdb.log" >&2; fail "initdb failed; remove $1 and try again."; }
  fi
  if postgres_runs "$home"; then
    return 0
  fi
  port_free "$port" || fail "port $port, wanted for PostgreSQL, is taken; set PORT_BASE to another value."
  settings=(-c "port=$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200
    -c log_min_duration_statement=1000 -c timezone=UTC)
  if [[ "$kind" == scratch ]]; then
    settings+=(-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=64MB)
  else
    settings+=(-c fsync=on -c synchronous_commit=on -c full_page_writes=on)
  fi
  # pg_ctl hands its options to a shell: each is quoted for it.
  if ! as_postgres "$POSTGRES_BIN/pg_ctl" start --pgdata="$home/data" --log="$home/postgresql.log" --wait --timeout=60 \
    --silent --options="$(printf '%q ' "${settings[@]}")" >/dev/null </dev/null; then
    as_postgres tail -n 20 "$home/postgresql.log" >&2 || true
    fail "PostgreSQL did not start on port $port; its log is $1/postgresql.log."
  fi
}

postgres_exists() { as_postgres test -s "$1/data/PG_VERSION"; }
postgres_runs() { postgres_exists "$1" && as_postgres "$POSTGRES_BIN/pg_ctl" status --pgdata="$1/data" >/dev/null 2>&1; }

# postgres_stop HOME [fast|immediate]. What HOME links to is meant: the user postgres may not be able to follow the
# link.
postgres_stop() {
  local home mode="${2:-fast}"
  home="$(readlink -f "$1")"
  if [[ -d "$home" ]] && postgres_runs "$home"; then
    as_postgres "$POSTGRES_BIN/pg_ctl" stop --pgdata="$home/data" --mode="$mode" --wait --timeout=60 --silent >/dev/null ||
      warn "PostgreSQL in $1 did not stop within 60 s."
    say "PostgreSQL stopped"
  fi
}

# postgres_remove HOME: ends it and removes its files.
postgres_remove() {
  local home
  home="$(readlink -f "$1")"
  postgres_stop "$1" immediate
  rm -rf "$home" "$1"
}

# run_sql PORT DATABASE SQL: the rows, unaligned.
run_sql() {
  "$POSTGRES_BIN/psql" --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 \
    "host=127.0.0.1 port=$1 dbname=$2 user=postgres" --command="$3"
}
