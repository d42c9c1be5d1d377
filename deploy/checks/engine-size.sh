#!/usr/bin/env bash
# The built-in engine stays small: lines that are neither blank nor comment, against the design's caps.
# Past a cap it says by how much, and fails.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
code=0
lines() { find "$@" -name '*.cs' -print0 | xargs -0 cat | sed -E 's#^[[:space:]]*//.*##' | grep -c '[^[:space:]]' || true; }
row() { # name cap folders…
  local name="$1" cap="$2"; shift 2
  local n; n="$(lines "$@")"
  local mark=""
  [ "$n" -gt "$cap" ] && mark="  $((n - cap)) over the cap" && code=1
  printf '   %-32s %5d of %5d%s\n' "$name" "$n" "$cap" "$mark"
}
echo "== lines of the built-in engine"
row "engine and generator" 3500 engines/builtin/Engine engines/builtin/Generator
row "redis client" 600 engines/builtin/Redis
exit $code
