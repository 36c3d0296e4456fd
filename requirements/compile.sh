#!/bin/sh
# Compile the hashed requirement files from pyproject.toml: every package pinned, no index address in them.
set -eu
cd "$(dirname "$0")/.."
compile="uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --custom-compile-command requirements/compile.sh"
$compile pyproject.toml --group dev -o requirements/dev.txt "$@"
$compile pyproject.toml --group run --constraint requirements/dev.txt -o requirements/run.txt "$@"
