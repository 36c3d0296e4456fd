"""The tests of workflows: where they lie, and pytest that runs them in a process of its own.

A team's own workflow has its tests in its folder. Those of a shared one lie in ``statemachines/tests/<workflow>/``.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shared.config.cards import FOLDER
from shared.errors import LanesError, UsageError
from shared.testing import summary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.config.cards import Card

_PATTERNS = ("test_*.py", "*_test.py")  # pytest's own
_INTERRUPTED, _INTERNAL, _ASKED_WRONGLY, _NOTHING_RAN = 2, 3, 4, 5  # pytest.ExitCode
_STDERR = 2


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a run of tests, as :mod:`shared.testing.summary` writes it: tests by name, and what each said."""

    passed: int
    failed: Sequence[Mapping[str, str]]
    skipped: Sequence[Mapping[str, str]]
    seconds: float


def folder_of_tests(root: Path, card: Card) -> Path:
    """Return the folder in which, or below which, the tests of *card*'s workflow lie, whether or not it is there."""
    return card.folder or root / FOLDER / "tests" / card.key


def new_tests_folder(root: Path, card: Card) -> Path:
    """Return the folder in which to put a new test of *card*'s workflow."""
    return card.folder / "tests" if card.folder else folder_of_tests(root, card)


def has_tests(folder: Path) -> bool:
    """Say whether there is a file of tests in *folder* or below it."""
    return any(next(folder.rglob(pattern), None) for pattern in _PATTERNS)


def run_tests(root: Path, folders: Sequence[Path], options: Sequence[str], *, quiet: bool) -> Summary:
    """Have pytest run the tests in *folders* of the project at *root*, in this Python; it prints as it goes on.

    Args:
        root: The project's folder.
        folders: Each has tests.
        options: Further options of pytest's.
        quiet: What pytest prints goes to stderr.

    Raises:
        LanesError: pytest is not installed here, or broke.
        UsageError: pytest refuses *options*, or they leave no test.
        KeyboardInterrupt: The user interrupted it.
    """
    if importlib.util.find_spec("pytest") is None:
        raise LanesError("pytest is not installed in this Python", where=sys.executable, fix="uv pip install pytest")
    places = [str(folder.relative_to(root)) for folder in folders]
    with tempfile.TemporaryDirectory(prefix="lanes-test-") as kept:
        written = Path(kept) / "summary.json"
        command = [sys.executable, "-m", "pytest", "--no-header", "-p", summary.__name__, summary.OPTION, str(written)]
        stdout = _STDERR if quiet else None
        code = subprocess.run([*command, *options, *places], cwd=root, stdout=stdout, check=False).returncode
        if code == _ASKED_WRONGLY:
            raise UsageError("pytest refuses this", fix="what follows -- goes to pytest as it is: pytest --help")
        if code == _INTERNAL or not written.is_file():
            raise LanesError(f"pytest broke (exit code {code})", fix="see what it printed above")
        told = Summary(**json.loads(written.read_text(encoding="utf-8")))
    if code == _INTERRUPTED and not told.failed:  # a module that cannot be imported interrupts it, too
        raise KeyboardInterrupt
    if code == _NOTHING_RAN and not told.skipped:
        raise UsageError(f"no test of {', '.join(places)} is left", fix="check -k and what follows --")
    return told
