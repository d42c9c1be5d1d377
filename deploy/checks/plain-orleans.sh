#!/usr/bin/env bash
# Without engines/builtin and its props the silo is a plain Orleans application. Needs the Orleans packages.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. deploy/engine.sh
echo "== without the built-in engine"
if ! orleans_restores; then echo "   left out: $ORLEANS_WHY"; exit 0; fi

copy="$(mktemp -d)"
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf - --ignore-failed-read 2>/dev/null | tar -xf - -C "$copy"
rm -rf "$copy/engines/builtin" "$copy/engines/builtin.props"
sed -i "s#<Engine Condition=\"'\$(Engine)' == ''\">builtin</Engine>#<Engine Condition=\"'\$(Engine)' == ''\">orleans</Engine>#" "$copy/Directory.Build.props"
if dotnet build "$copy/Silo" -v quiet -clp:NoSummary -nologo; then echo "   builds"; else echo "   does not build"; exit 1; fi
