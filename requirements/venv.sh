#!/bin/sh
# Make .venv, or what LANES_VENV names, from the newest supported Python that really starts, and install the locked
# requirements: "run" what the commands need, "dev" (the default) what the tests and checks need as well.
# A python3.13 on the path may be a shim that fails, and Debian's python3 may lack ensurepip: so each
# candidate is started and asked, not merely found.
set -eu
cd "$(dirname "$0")/.."

venv=${LANES_VENV:-.venv}
kind=${1:-dev}
[ ! -e "$venv/.installed" ] || kind=dev  # it had all, and keeps that
suits='import sys, venv, ensurepip, ssl; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
python=""
if [ -n "${PYTHON:-}" ] && ! "$PYTHON" -c "$suits" >/dev/null 2>&1; then
    echo "PYTHON=$PYTHON does not start as a Python 3.11, 3.12 or 3.13 with venv." >&2
    exit 1
fi
for candidate in ${PYTHON:-} python3.13 python3.12 python3.11 python3 python; do
    if "$candidate" -c "$suits" >/dev/null 2>&1; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "No Python 3.11, 3.12 or 3.13 with venv starts on this machine." >&2
    echo "Install one (Debian: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3.12" >&2
    exit 1
fi

if [ "$kind" = dev ] && [ -e "$venv/.run" ] && [ ! requirements/run.txt -nt "$venv/.run" ] && [ -z "${PYTHON:-}" ]; then
    echo "adding to $venv what the tests and checks need" >&2
else
    echo "making $venv with $("$python" --version) ($python)" >&2
    if [ -e "$venv" ] && [ ! -e "$venv/pyvenv.cfg" ] && [ -n "$(ls -A "$venv")" ]; then
        echo "$venv holds something else than a virtual environment. Remove it, or name another: LANES_VENV=..." >&2
        exit 1
    fi
    rm -rf "$venv"
    "$python" -m venv "$venv"
fi

# uv fetches several at once. It knows nothing of pip's configuration, so where it does not get through, pip goes on.
# Wheels alone: nothing is compiled here, and no setup.py of others runs. Bytecode is written by who first imports a
# module: that of all libraries takes longer than all the rest, and most of it nobody imports.
count=$(grep -c '^[a-z0-9].*==' "requirements/$kind.txt")
fast=""
if command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1; then
    echo "fetching and installing $count libraries with uv, once" >&2
    export UV_SYSTEM_CERTS=1  # trusts whom the machine trusts, as pip does
    uv pip install --quiet --python "$venv/bin/python" --only-binary :all: --require-hashes \
        -r "requirements/$kind.txt" && fast=yes || echo "uv did not get them all; pip goes on" >&2
fi
if [ -z "$fast" ]; then
    echo "fetching and installing $count libraries with pip, once: a minute or two (with uv on the path, seconds)" >&2
    "$venv"/bin/python -m pip install --quiet --no-compile --only-binary :all: --require-hashes -r "requirements/$kind.txt"
fi
"$venv"/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
touch "$venv/.run"
[ "$kind" = run ] || touch "$venv/.installed"
