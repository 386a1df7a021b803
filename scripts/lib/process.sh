# Sourced. Background processes, known by pid *and* start time, so that a recycled pid is never taken for one of ours.
# shellcheck shell=bash

run_dir() { printf '%s/run' "$LANDFALL_VAR"; }
log_dir() { printf '%s/log' "$LANDFALL_VAR"; }

# Clock ticks since boot at which a process started; nothing if there is no such process (or it is a zombie).
start_time_of() {
  local stat rest fields
  stat="$(cat "/proc/$1/stat" 2>/dev/null)" || return 1
  rest="${stat##*) }"
  read -r -a fields <<<"$rest"
  [[ "${fields[0]}" != Z && "${fields[0]}" != X ]] || return 1
  printf '%s' "${fields[19]}"
}

# process_pid NAME: the pid of a process that we started and that still runs.
process_pid() {
  local file pid started
  file="$(run_dir)/$1.pid"
  [[ -s "$file" ]] || return 1
  read -r pid started <"$file" || return 1
  [[ -n "$pid" && "$(start_time_of "$pid")" == "$started" ]] || return 1
  printf '%s' "$pid"
}

process_runs() { process_pid "$1" >/dev/null; }

# process_start NAME COMMAND…: detached from the terminal, output appended to var/log/NAME.log.
process_start() {
  local name="$1" pid started
  shift
  mkdir -p "$(run_dir)" "$(log_dir)"
  setsid "$@" >>"$(log_dir)/$name.log" 2>&1 </dev/null &
  pid=$!
  disown "$pid"
  started="$(start_time_of "$pid")" || fail "$name ended at once; see $(log_dir)/$name.log."
  printf '%s %s\n' "$pid" "$started" >"$(run_dir)/$name.pid"
}

# process_stop NAME [SECONDS]: asks it to end, and kills it if it has not after SECONDS (default 20).
process_stop() {
  local name="$1" patience="${2:-20}" pid
  if pid="$(process_pid "$name")"; then
    kill -TERM "$pid" 2>/dev/null || true
    if ! wait_until "$patience" process_gone "$name"; then
      warn "$name (pid $pid) did not end within $patience s and is killed."
      kill -KILL "$pid" 2>/dev/null || true
      wait_until 5 process_gone "$name" || warn "$name (pid $pid) cannot be ended."
    fi
    say "$name stopped"
  fi
  rm -f "$(run_dir)/$name.pid"
}

process_gone() { ! process_runs "$1"; }

# Shows why a process that should be up is not.
explain_process() {
  local name="$1" log
  log="$(log_dir)/$name.log"
  if [[ -s "$log" ]]; then
    tail -n 15 "$log" >&2
  fi
  if process_runs "$name"; then
    warn "$name runs but is not ready; its log is $log."
  else
    warn "$name has ended; its log is $log."
  fi
}

# port_free PORT: nobody listens on it on loopback.
port_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
