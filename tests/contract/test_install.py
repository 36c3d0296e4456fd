"""How the libraries are installed: with uv or pip, for commands alone or for tests as well. Both programs are fakes."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helpers.project import REPOSITORY

PYTHON = """#!/bin/sh
echo "python $*" >> "$CALLS"
case "$*" in
    "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; touch "$3/pyvenv.cfg";;
    "--version") echo Python 3.11.7;;
esac
"""
UV = """#!/bin/sh
echo "uv $*" >> "$CALLS"
[ "$1" = --version ] || [ -z "${UV_FAILS:-}" ]
"""
WITH_UV = "uv pip install --quiet --python .venv/bin/python --only-binary :all: --require-hashes"
WITH_PIP = "python -m pip install --quiet --no-compile --only-binary :all: --require-hashes"
EDITABLE = "python -m pip install --quiet --no-deps --no-build-isolation -e ."


class Place:
    """A folder with the script and its locks, a Python and, unless it is taken away, uv."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.programs, self.calls = folder, folder / "programs", folder / "calls"
        shutil.copytree(REPOSITORY / "requirements", folder / "requirements")
        self.programs.mkdir()
        for name, text in (("python3.13", PYTHON), ("uv", UV)):
            (self.programs / name).write_text(text)
            (self.programs / name).chmod(0o755)

    def install(self, *kind: str, **environment: str) -> str:
        """Run the script; return what it said. :attr:`calls` has what it called."""
        self.calls.write_text("")
        done = subprocess.run(
            ["sh", "requirements/venv.sh", *kind],
            cwd=self.folder,
            env={"PATH": f"{self.programs}:/usr/bin:/bin", "CALLS": str(self.calls), **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stderr

    def called(self) -> list[str]:
        """Return the calls that install, in their order."""
        return [line for line in self.calls.read_text().splitlines() if " install " in line or " -m venv " in line]

    def stamps(self) -> set[str]:
        """Return what is noted as installed."""
        return {name for name in (".run", ".installed") if (self.folder / ".venv" / name).exists()}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_uv_installs_where_it_is_there(place: Place) -> None:
    told = place.install("run")
    assert place.called() == ["python -m venv .venv", f"{WITH_UV} -r requirements/run.txt", EDITABLE]
    assert re.search(r"fetching and installing \d+ libraries with uv, once", told)
    assert place.stamps() == {".run"}


def test_pip_installs_where_there_is_no_uv(place: Place) -> None:
    (place.programs / "uv").write_text("#!/bin/sh\nexit 127\n")  # a shim of a Python that has no uv
    told = place.install("run")
    assert place.called() == ["python -m venv .venv", f"{WITH_PIP} -r requirements/run.txt", EDITABLE]
    assert re.search(r"fetching and installing \d+ libraries with pip, once", told)


def test_pip_goes_on_where_uv_gets_nothing(place: Place) -> None:
    told = place.install("dev", UV_FAILS="yes")
    assert place.called()[1:] == [f"{WITH_UV} -r requirements/dev.txt", f"{WITH_PIP} -r requirements/dev.txt", EDITABLE]
    assert "uv did not get them all; pip goes on" in told
    assert place.stamps() == {".run", ".installed"}


def test_the_tests_libraries_are_added_to_those_of_the_commands(place: Place) -> None:
    place.install("run")
    told = place.install("dev")
    assert place.called() == [f"{WITH_UV} -r requirements/dev.txt", EDITABLE]
    assert "adding to .venv" in told


def test_who_had_all_gets_all_again(place: Place) -> None:
    place.install("dev")
    place.install("run")
    assert f"{WITH_UV} -r requirements/dev.txt" in place.called()
    assert place.stamps() == {".run", ".installed"}


def test_what_the_commands_need_is_part_of_what_the_tests_need() -> None:
    locks = [(REPOSITORY / "requirements" / f"{kind}.txt").read_text() for kind in ("run", "dev")]
    run, dev = (set(re.findall(r"^[a-z0-9][\w.\[\],-]*==[\w.]+", lock, re.MULTILINE)) for lock in locks)
    assert run < dev


def test_the_demo_needs_no_library_of_the_tests() -> None:
    told = [
        subprocess.run(
            ["make", "--dry-run", "--always-make", name], cwd=REPOSITORY, capture_output=True, text=True, check=True
        ).stdout
        for name in ("demo", "test")
    ]
    assert "requirements/venv.sh run" in told[0]
    assert "requirements/venv.sh dev" in told[1]
