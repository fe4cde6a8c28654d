#!/bin/sh
# Make .venv: the server, its tests and their tools, each at the version that constraints.txt pins.
# Run from the top of the checkout. PYTHON names the interpreter; uv makes it quicker when it is on PATH.
set -eu

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        fits "$PYTHON" || { echo "PYTHON=$PYTHON is not a Python 3.11 or newer." >&2; return 1; }
        echo "$PYTHON"
        return
    fi
    for name in python3.11 python3.12 python3.13 python3 python3.14 python; do
        if command -v "$name" >/dev/null && fits "$name"; then echo "$name"; return; fi
    done
    echo "Coweave needs Python 3.11 or newer, and none is on PATH." >&2
    echo "Install one (Debian, Ubuntu: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3" >&2
    return 1
}

case $PWD in *:*)
    echo "A virtual environment cannot lie in a folder whose path holds a colon: $PWD" >&2
    exit 1 ;;
esac

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore UV_LINK_MODE=copy

# Scripts in a virtual environment name its place, so a moved checkout needs a new one.
if [ "$(cat .venv/place 2>/dev/null)" != "$PWD" ] || ! fits .venv/bin/python; then
    python=$(find_python)
    echo "Making .venv with $("$python" --version) ($python)"
    rm -rf .venv
    if ! "$python" -m venv .venv; then
        rm -rf .venv
        echo "$python cannot make virtual environments (Debian, Ubuntu: apt-get install python3-venv)." >&2
        exit 1
    fi
    pwd >.venv/place
fi

if command -v uv >/dev/null && uv pip install --quiet --python .venv/bin/python --constraint constraints.txt hatchling editables &&
    uv pip install --quiet --python .venv/bin/python --constraint constraints.txt --no-build-isolation --editable '.[server,test]'; then
    exit
fi
echo "Installing the pinned packages with pip"
# The build backend first: a build in isolation would take its newest version instead of the pinned one.
.venv/bin/python -m pip install --quiet --quiet --constraint constraints.txt hatchling editables
.venv/bin/python -m pip install --quiet --quiet --constraint constraints.txt --no-build-isolation --editable '.[server,test]'
