#!/usr/bin/env bash
# Brings the programs of ci/python-tools.txt into target/tools/python, where PyPI can be reached. Prints the folder that they
# are in.
set -euo pipefail
cd "$(dirname "$0")/.."
into=$PWD/target/tools/python
if [ ! -x "$into/bin/maturin" ] || [ ci/python-tools.txt -nt "$into/bin/maturin" ]; then
  mkdir -p "$into"
  python3 -m venv --clear "$into" >&2
  "$into/bin/python" -m pip install --quiet --disable-pip-version-check --requirement ci/python-tools.txt >&2
  # What pip builds a hook with where it asks no index.
  "$into/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --dest "$into/wheels" setuptools >&2
  touch "$into/bin/maturin"
fi
echo "$into/bin"
