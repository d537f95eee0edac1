#!/bin/sh
# Writes the lock files: names, versions and hashes, never an address. Pins that still fit are kept;
# `scripts/lock.sh --upgrade` takes the newest of everything.
set -eu
cd "$(dirname "$0")/.."

python="${PYTHON:-python3.11}"
if [ ! -x .venv-lock/bin/pip-compile ]; then
    "$python" -m venv .venv-lock
    .venv-lock/bin/python -m pip install --quiet --disable-pip-version-check "pip-tools>=7.5"
fi

compile() { # compile OUTPUT INPUT [OPTION...]
    output=$1
    shift
    echo "locking $output"
    .venv-lock/bin/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --newline=lf \
        --annotation-style=line --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options \
        --output-file="$output" "$@"
}

# With the extras that `make run` can use at once.
compile requirements.txt pyproject.toml --extra=postgres --extra=oidc --build-deps-for=editable "$@"
compile requirements-test.txt requirements-test.in "$@"
compile requirements-build.txt requirements-build.in "$@"
compile requirements-clients.txt requirements-clients.in "$@"
compile requirements-bench.txt requirements-bench.in "$@"

npm_command=install
[ "${1:-}" = "--upgrade" ] && npm_command=update
for folder in tests/story/node tests/console/oidc_provider console/web; do
    echo "locking $folder/package-lock.json"
    (cd "$folder" && npm "$npm_command" --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund)
done
