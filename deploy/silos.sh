# Sourced by ./run for --silos N: N silo processes on consecutive ports, one Redis under them, one sample origin beside them.
# Wants $silo, $partner (programs) and $args; a silo that ends is told of, and the others stay.
run_silos() { # number
  local number="$1" redis="" data="artifacts/data" port=8888 silo_port=11111 origin_port=8899 origin=1 rest=() i
  set -- ${args[@]+"${args[@]}"}
  while [ $# -gt 0 ]; do
    local name="${1%%=*}" value="${2:-}" taken=2
    case "$1" in *=*) value="${1#*=}" taken=1 ;; esac
    case "$name" in
      --redis|--data|--port|--silo-port|--origin-port)
        [ -n "$value" ] && [ $# -ge $taken ] || refuse "$name has no value; give one."
        case "$name" in
          --redis) redis="$value" ;;
          --data) data="$value" ;;
          --port) port="$value" ;;
          --silo-port) silo_port="$value" ;;
          --origin-port) origin_port="$value"; rest+=(--origin-port "$value") ;;
        esac
        shift $taken ;;
      --no-origin) origin=""; shift ;;
      *) rest+=("$1"); shift ;;
    esac
  done
  case "$number" in ''|*[!0-9]*|0*) refuse "--silos is '$number'; give a number from 1 to 16." ;; esac
  [ "$number" -le 16 ] || refuse "--silos is $number; give a number from 1 to 16."
  for i in "$port" "$silo_port" "$origin_port"; do
    case "$i" in ''|*[!0-9]*) refuse "a port is '$i'; give a number from 1 to $((65536 - number))." ;; esac
  done
  mkdir -p "$data" && data="$(cd "$data" && pwd)"

  state="$(mktemp -d)" pids=() origin_pid="" redis_pid=""
  trap 'end_silos' EXIT
  trap 'exit 0' INT TERM
  [ -n "$redis" ] || start_redis "$data/redis"
  [ -z "$origin" ] || start_origin "$origin_port"
  for ((i = 0; i < number; i++)); do
    alone dotnet "$silo" ${rest[@]+"${rest[@]}"} --redis "$redis" --data "$data" --no-origin --no-banner \
      --OrleansCache:Silo:Index="$i" --port $((port + i)) --silo-port $((silo_port + i)) > >(prefixed "$i") 2>&1 &
    pids+=($!)
  done
  wait_until_ready || { local code=$?; [ -e "$state/failed" ] && exit "$(cat "$state/failed")"; exit "$code"; }
  say_what_runs
  while [ "${#pids[@]}" -gt 0 ]; do
    wait -n "${pids[@]}" 2>/dev/null || true
    still_running
  done
}

refuse() { echo "run: $1" >&2; exit 2; }

# In a session of its own, so that Ctrl-C reaches this script alone, which ends all in the right order.
alone() { if command -v setsid >/dev/null 2>&1; then exec setsid "$@"; else exec "$@"; fi; }

# Each line of silo i with its name before it; notes that it is ready.
prefixed() { # i
  local line
  while IFS= read -r line; do
    printf 'silo-%s  %s\n' "$1" "$line"
    case "$line" in 'ready: '*) printf '%s' "${line#ready: }" >"$state/ready.$1" ;; esac
  done
}

start_redis() { # folder
  command -v redis-server >/dev/null 2>&1 || refuse "--silos needs a Redis that the silos share: name one with --redis HOST:PORT, or install redis-server."
  mkdir -p "$1"
  if [ -f "$1/redis.pid" ] && kill -0 "$(cat "$1/redis.pid")" 2>/dev/null; then
    refuse "a redis-server of an earlier run, pid $(cat "$1/redis.pid"), still has $1; end it, or give another --data."
  fi
  local at
  for ((at = 16379; at < 16479; at++)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$at") 2>/dev/null || break
  done
  alone redis-server --bind 127.0.0.1 --port "$at" --dir "$1" --pidfile "$1/redis.pid" --logfile "$1/redis.log" \
    --appendonly yes --appendfsync everysec --maxmemory-policy noeviction --save '' &
  redis_pid=$!
  for ((i = 0; i < 100; i++)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$at") 2>/dev/null && { redis="127.0.0.1:$at"; return; }
    kill -0 "$redis_pid" 2>/dev/null || break
    sleep 0.1
  done
  refuse "redis-server did not start; $1/redis.log says why."
}

start_origin() { # port
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && refuse "the sample origin's port $1 is in use; choose another with --origin-port, or use --no-origin."
  alone dotnet "$partner" --port "$1" --parent-pid $$ >"$state/origin" 2>&1 &
  origin_pid=$!
}

wait_until_ready() {
  local i
  for ((i = 0; i < ${#pids[@]}; i++)); do
    until [ -e "$state/ready.$i" ]; do
      kill -0 "${pids[$i]}" 2>/dev/null || { local code=0; wait "${pids[$i]}" || code=$?; echo "run: silo-$i ended before it was ready (exit code $code)." >&2; return "$code"; }
      sleep 0.05
    done
  done
}

say_what_runs() {
  local i
  echo "  engine   $engine ($why)"
  for ((i = 0; i < number; i++)); do
    echo "  silo-$i   $(cat "$state/ready.$i"), pid ${pids[$i]}, clients on port $((silo_port + i))"
  done
  echo "  store    redis at $redis${redis_pid:+ (pid $redis_pid, in $data/redis)}"
  [ -z "$origin" ] || echo "  origin   http://127.0.0.1:$origin_port (sample, pid $origin_pid)"
  echo "ready: $(cat "$state/ready.0")"
  echo
  echo "Try:"
  if [ -n "$origin" ]; then
    echo "  curl -i '$(cat "$state/ready.0")/partner/country?code=NL'    # 300 ms; then by any other silo: under one"
  fi
  echo "  curl -i '$(cat "$state/ready.$((number - 1))")/healthz/ready'"
  echo "  kill -9 ${pids[$((number - 1))]}    # its keys go to the others; to bring it back:"
  echo "  ./run --engine $engine --redis $redis --data $data --no-origin --OrleansCache:Silo:Index=$((number - 1)) --port $((port + number - 1)) --silo-port $((silo_port + number - 1))"
}

still_running() {
  local i left=()
  for i in "${pids[@]}"; do
    if kill -0 "$i" 2>/dev/null; then left+=("$i"); else local code=0; wait "$i" 2>/dev/null || code=$?; echo "run: pid $i ended (exit code $code)."; fi
  done
  pids=(${left[@]+"${left[@]}"})
}

# Silos first: what they still hold goes to Redis.
end_silos() {
  trap '' INT TERM
  local pid
  for pid in ${pids[@]+"${pids[@]}"}; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in ${pids[@]+"${pids[@]}"}; do wait "$pid" 2>/dev/null || true; done
  for pid in $origin_pid $redis_pid; do kill -TERM "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; done
  rm -rf "$state"
}
