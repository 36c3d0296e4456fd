"""Finds the files that hold measurements, and says what each is by its contents."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

from shared.errors import LanesError, UsageError
from shared.measure.observed.exports.opened import opened
from shared.measure.scaling.evidence.executions import put_together, read_executions
from shared.measure.scaling.evidence.found import Found, UnreadableError
from shared.measure.scaling.evidence.reports import read_report
from shared.measure.scaling.evidence.results import FIGURE, read_results
from shared.measure.scaling.evidence.sweeps import read_journal, read_run
from shared.measure.scaling.evidence.tables import read_table
from shared.measure.scaling.sweep import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from shared.measure.scaling.measured import Evidence
    from shared.values import Json

TAKES = (
    "a sweep's folder, what lanes run --json or lanes report wrote, a folder of combined_data.json, executions as "
    "list-executions or describe-execution prints them or as a CSV with name, start and stop, or the paper's tables"
)
_MOST_PROBLEMS = 12
_READ = {".json", ".csv", ".jsonl", ".md"}


def read_evidence(paths: Sequence[Path]) -> Evidence:
    """Return what the files and folders *paths* hold.

    Raises:
        LanesError: Lines cannot be read. The message names them.
        UsageError: A path is not there, or holds nothing that can be fitted to.
    """
    found = Found()
    for path in paths:
        _read_path(path, found)
    put_together(found)
    if found.problems:
        left = len(found.problems) - _MOST_PROBLEMS
        lines = "\n  ".join([*found.problems[:_MOST_PROBLEMS], *([f"and {left} more"] if left > 0 else [])])
        raise LanesError(f"what cannot be read:\n  {lines}", fix=f"mend these lines; --fit takes {TAKES}")
    return found.evidence


def _read_path(path: Path, found: Found) -> None:
    if path.is_dir():
        files = [each for each in _files(path) if each.suffix in _READ]
        known = [_read_file(each, found) for each in files]
        if not any(known):
            raise UsageError("there is nothing in it that can be fitted to", where=str(path), fix=TAKES)
        unknown = [str(each) for each, is_known in zip(files, known, strict=True) if not is_known]
        if unknown:
            found.unused(f"{len(unknown)} files in {path} that hold no measurement of a run, as {unknown[0]}")
    elif not path.exists():
        raise UsageError("there is no such file or folder", where=str(path), fix=f"--fit takes {TAKES}")
    elif not _read_file(path, found):
        raise UsageError("this is nothing that can be fitted to", where=str(path), fix=f"--fit takes {TAKES}")


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files below *folder* in the order of their names, without hidden ones."""
    for each in sorted(folder.iterdir()):
        if each.name.startswith("."):
            continue
        if each.is_dir() and not each.is_symlink():
            yield from _files(each)
        elif each.is_file():
            yield each


def _read_file(path: Path, found: Found) -> bool:
    """Add what *path* holds; say whether it is of a kind that is known."""
    try:
        if path.name == JOURNAL:
            read_journal(path, found)
            return True
        if path.suffix == ".csv":
            return read_table(path, found)
        if path.suffix == ".md":
            return read_report(path, found)
        return _read_json(path, found)
    except UnreadableError as error:
        found.problem(path, None, error)
    except csv.Error as error:
        found.problem(path, None, error)
    except RecursionError:
        found.problem(path, None, "it is nested too deeply")
    except OSError as error:
        found.problem(path, None, error.strerror)
    except json.JSONDecodeError as error:
        found.problem(path, error.lineno, error.msg)
    return True


def _read_json(path: Path, found: Found) -> bool:
    with opened(path) as file:
        value: Json = json.load(file)
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        if any(FIGURE in each for each in value):
            read_results(path, value, found)
            return True
        if any("startDate" in each for each in value):
            read_executions(path, value, found)
            return True
    if isinstance(value, dict):
        if isinstance(value.get("executions"), list):
            read_executions(path, value["executions"], found)
            return True
        if "executionArn" in value and "startDate" in value:
            read_executions(path, [value], found)
            return True
        if {"wall_seconds", "ranks", "output"} <= value.keys():
            read_run(path, value, found)
            return True
    return False
