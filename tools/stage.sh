#!/bin/sh
# Run one gate: say its name, then how long it took. Example: tools/stage.sh types mypy
set -eu
name=$1
shift
printf '\n=== %s\n' "$name"
start=$(date +%s)
status=0
"$@" || status=$?
if [ "$status" = 0 ]; then word=passed; else word="FAILED ($status)"; fi
printf '=== %s: %s in %s s\n' "$name" "$word" "$(($(date +%s) - start))"
exit "$status"
