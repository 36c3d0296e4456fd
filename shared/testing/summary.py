"""A pytest plugin, loaded by ``lanes test`` alone: writes what came of the tests into a file, as JSON.

``{"passed": 3, "failed": [{"test": ..., "said": ...}], "skipped": [...], "seconds": 0.2}``. A test counts
once: as failed if its setup or its end failed. A module that cannot be imported, or is skipped, counts as a test.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

OPTION = "--lanes-summary"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the file."""
    parser.addoption(OPTION, metavar="FILE", help="Write a summary of the tests here, as JSON.")


def pytest_configure(config: pytest.Config) -> None:
    """Collect what the tests tell, if a file is named."""
    if path := config.getoption(OPTION):
        config.pluginmanager.register(_Collected(Path(path)))


class _Collected:
    """What the tests told so far."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._began = time.monotonic()
        self._passed: dict[str, None] = {}
        self._failed: dict[str, str] = {}
        self._skipped: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if not report.passed:
            self._note(report)

    def pytest_sessionfinish(self) -> None:
        passed = [name for name in self._passed if name not in self._failed and name not in self._skipped]
        told = {
            "passed": len(passed),
            "failed": [{"test": name, "said": said} for name, said in self._failed.items()],
            "skipped": [{"test": name, "said": said} for name, said in self._skipped.items()],
            "seconds": round(time.monotonic() - self._began, 3),
        }
        self._path.write_text(json.dumps(told), encoding="utf-8")

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            self._failed[report.nodeid] = crash.message if crash else str(report.longrepr)
        elif report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self._skipped[report.nodeid] = reason.removeprefix("Skipped: ")
        else:
            self._passed[report.nodeid] = None
