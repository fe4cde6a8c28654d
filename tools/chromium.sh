#!/bin/sh
# Make sure that there is a Chromium for the browser tests, from the system's packages when none is on PATH.
set -eu
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
if ! command -v apt-get >/dev/null; then
    echo "The browser tests need Chromium. Install it with your system's packages, then run make test again." >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then as_root=; elif command -v sudo >/dev/null; then as_root=sudo; else
    echo "The browser tests need Chromium. Install it as root: apt-get install chromium" >&2
    exit 1
fi
echo "Installing Chromium for the browser tests, by the system's packages (apt-get install chromium)"
log=$(mktemp)
if ! { $as_root apt-get update -qq &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
rm -f "$log"
