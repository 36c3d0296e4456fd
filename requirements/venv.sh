#!/bin/sh
# Make .venv, or what LANES_VENV names, from the newest supported Python that really starts, and install the locked
# requirements.
# A python3.13 on the path may be a shim that fails, and Debian's python3 may lack ensurepip: so each
# candidate is started and asked, not merely found.
set -eu
cd "$(dirname "$0")/.."

venv=${LANES_VENV:-.venv}
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

echo "making $venv with $("$python" --version) ($python)" >&2
if [ -e "$venv" ] && [ ! -e "$venv/pyvenv.cfg" ] && [ -n "$(ls -A "$venv")" ]; then
    echo "$venv holds something else than a virtual environment. Remove it, or name another: LANES_VENV=..." >&2
    exit 1
fi
rm -rf "$venv"
"$python" -m venv "$venv"
echo "fetching and installing $(grep -c '^[a-z0-9].*==' requirements/dev.txt) libraries: some two minutes, once" >&2
"$venv"/bin/python -m pip install --quiet --require-hashes -r requirements/dev.txt
"$venv"/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
touch "$venv"/.installed
