#!/bin/sh
# Make sure that the programs which the tests run nodes against are there, from the system's packages where one is
# missing: PostgreSQL, Redis with its Sentinel, HAProxy, network namespaces. Nothing is started: the tests
# start their own, on free ports. Where they cannot be installed, the tests that need them are skipped, and say so.
set -eu

# Debian keeps PostgreSQL's server programs away from PATH.
has_postgresql() { command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
has() { command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ]; }

missing=
has_postgresql || missing="$missing postgresql"
has redis-server || missing="$missing redis-server"
has redis-sentinel || missing="$missing redis-sentinel"
has haproxy || missing="$missing haproxy"
has ip || missing="$missing iproute2"
has nft || missing="$missing nftables"
if [ -z "$missing" ]; then exit 0; fi

if ! command -v apt-get >/dev/null; then
    echo "Tests of several nodes are skipped where these are missing; install them with your system's packages:$missing"
    exit 0
fi
if [ "$(id -u)" = 0 ]; then as_root=; elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root=sudo; else
    echo "Tests of several nodes are skipped without these; install them as root: apt-get install$missing"
    exit 0
fi
echo "Installing what the tests of several nodes need, by the system's packages (apt-get install$missing)"
log=$(mktemp)
# RUNLEVEL=1: Debian's packages then start no service of their own.
# shellcheck disable=SC2086 # one word for each package
if ! { $as_root apt-get update -qq &&
    $as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >"$log" 2>&1; then
    cat "$log" >&2
    echo "They could not be installed; tests that need them are skipped." >&2
fi
rm -f "$log"
