# Sourced by scripts/check: how long lines, functions and files may be, and that names in the documents exist.
# shellcheck shell=bash

longest_line=120
longest_function=70
longest_file=500
# One line each: PATH|RULE, where RULE is line, function or file. A line that excuses nothing is a finding too.
shape_exceptions=scripts/lib/check_exceptions.txt

# Each prints PATH|RULE|SENTENCE for every place that is too long.

# A line that holds a literal of 80 columns or more may be longer: cut in two, nobody would find it.
long_lines() {
  local file line generated='\.(json|svg|png)$|(^|/)tests/.*/data/|^migrations/schema\.sql$|^tests/unused/allowed\.txt$'
  local literal="[\"'\`][^\"'\`]{80,}"
  while IFS=: read -r file line _; do
    printf '%s|line|line %s has more than %s columns\n' "$file" "$line" "$longest_line"
  done < <(tracked | grep -vE "$generated" |
    LC_ALL=C.UTF-8 xargs grep -InHE "^.{$((longest_line + 1))}" | grep -vE "^[^:]+\.md:[0-9]+: *\||$literal")
}

# A function opens with a line that ends in ") {" or the like, and closes with a brace at the indentation where it
# began; this is how clang-format writes it. The first block that is no namespace, type or TEST_SUITE counts, with all
# the lambdas in it.
long_functions() {
  # shellcheck disable=SC2016
  tracked '*.cpp' '*.hpp' | xargs awk -v longest="$longest_function" '
    FNR == 1 { inside = 0; first = 0 }
    inside {
      if ($0 ~ "^" closing "}") {
        if (FNR - begin + 1 > longest)
          printf "%s|function|the function of line %d has %d lines\n", FILENAME, begin, FNR - begin + 1
        inside = 0
        first = 0
      }
      next
    }
    /^ *(\/\/|#|$)/ || /^ *(public|private|protected):/ || /^ *TEST_SUITE\(/ { first = 0; next }
    !first { first = FNR; match($0, /^ */); indent = substr($0, 1, RLENGTH) }
    /[)}]( const| noexcept| override| final| mutable| &&?| ->.*| try)* \{$/ {
      inside = 1
      begin = first
      closing = indent
      next
    }
    /[;{}:]$/ { first = 0 }'
}

long_files() {
  local file lines
  while read -r lines file; do
    ((lines <= longest_file)) || printf '%s|file|has %s lines; at most %s\n' "$file" "$lines" "$longest_file"
  done < <({
    tracked '*.cpp' '*.hpp' '*.mjs' '*.sql' '*.sh' '*.py'
    shell_programs
  } | grep -vx 'migrations/schema.sql' | sort -u | xargs wc -l | grep -v ' total$')
}

check_shape() {
  local file rule sentence offence
  declare -A excused=() needed=()
  while IFS='|' read -r file rule; do
    [[ -z "$file" || "$file" == '#'* ]] || excused["$file|$rule"]=1
  done <"$shape_exceptions"
  while IFS='|' read -r file rule sentence; do
    if [[ -n "${excused["$file|$rule"]:-}" ]]; then
      needed["$file|$rule"]=1
    else
      finding "$file" "$sentence"
    fi
  done < <(long_lines; long_functions; long_files)
  for offence in "${!excused[@]}"; do
    [[ -n "${needed[$offence]:-}" ]] ||
      finding "$shape_exceptions" "excuses $offence, where nothing is too long; remove it"
  done
}

# path_exists PATH: a file or folder of the repository; braces and stars as a shell reads them. What a build makes is
# looked up by its folder.
path_exists() {
  local path="$1" one
  [[ "$path" =~ ^build/[a-z]+/(.+)/[^/]+$ ]] && path="${BASH_REMATCH[1]}"
  for one in $(eval "printf '%s\n' $path"); do
    [[ -e "$one" ]] || return 1
  done
}

# Words in code spans and first words of lines in code blocks that are paths: letters with a slash in between.
paths_in() {
  {
    grep -oE '`[^`]+`' "$1" | tr -d '`' | awk '{ print $1 }'
    awk '/^ *```/ { block = !block; next } block { print $1 }' "$1"
  } | grep -E '^[A-Za-z0-9_.][A-Za-z0-9_.{},*-]*/[A-Za-z0-9_./{},*-]*$' | sort -u
}

check_names() {
  local file path symbol
  for file in README.md ARCHITECTURE.md; do
    [[ -f "$file" ]] || continue
    while read -r path; do
      path_exists "$path" || finding "$file" "names $path, which does not exist"
    done < <(paths_in "$file")
  done
  [[ -f docs/where.md ]] || return 0
  # | question | path | or | question | path:symbol |
  while IFS=: read -r path symbol; do
    if [[ ! -e "$path" ]]; then
      finding docs/where.md "leads to $path, which does not exist"
    elif [[ -n "$symbol" ]] && ! grep -rqF -- "$symbol" "$path"; then
      finding docs/where.md "leads to $symbol in $path, which does not name it"
    fi
  done < <(awk -F '|' '/^\|/ && $3 !~ /^ *(path|-+) *$/ { gsub(/[` ]/, "", $3); print $3 }' docs/where.md)
}
