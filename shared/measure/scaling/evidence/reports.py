"""Reads reports of runs: the Markdown that ``lanes report`` writes, which we wrote ourselves."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from shared.measure.scaling.evidence.found import UnreadableError
from shared.measure.scaling.evidence.sweeps import median_of
from shared.measure.scaling.evidence.values import count, positive
from shared.measure.scaling.measured import Evidence, TimedRun
from shared.measure.scaling.sweep import DONE

if TYPE_CHECKING:
    from pathlib import Path

    from shared.measure.scaling.evidence.found import Found
    from shared.values import Json

_TITLE = re.compile(r"# .+: a run of cosmic\b")
_FIGURE = re.compile(r"- \*\*(?P<name>[^*]+)\*\*: (?P<value>.*)")
_SECONDS = re.compile(r"(\d+(?:\.\d+)?) s(?P<redriven>,.*)?")
_SET = ("world_size", "batch_size")  # parameters
_MEMORY, _INIT, _CELLS = 5, 7, 8  # places in a row of the table of invocations, and how many cells it has


def read_report(path: Path, found: Found) -> bool:
    """Add the run of a report; say whether *path* is the report of a run of cosmic."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if not lines or not _TITLE.match(lines[0]):
        return False
    figures: dict[str, Json] = {}
    memories, colds = set(), []
    for line in lines:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if told := _FIGURE.fullmatch(line.strip()):
            figures[told["name"]] = told["value"].replace(",", "") if told["name"] == "records" else told["value"]
        elif len(cells) == 2 and cells[0] in _SET:  # noqa: PLR2004  a name and its value
            figures[cells[0]] = cells[1]
        elif len(cells) == _CELLS and cells[1].isdigit() and cells[_MEMORY].endswith(" MB"):
            memories.add(cells[_MEMORY].removesuffix(" MB"))
            if cells[_INIT].endswith(" ms"):
                colds.append(float(cells[_INIT].removesuffix(" ms")) / 1000)
    took = _SECONDS.fullmatch(str(figures.get("time", "")))
    if figures.get("status") != DONE or not took or took["redriven"] or not float(took[1]):
        found.unused(f"{path}: the run did not succeed, or was redriven")
        return True
    if len(memories) != 1:
        raise UnreadableError("its invocations do not tell the one memory of the ranks' function")
    world = count(figures, "world_size")
    records = math.ceil(positive(figures, "records") / world)
    run = TimedRun(records, world, count(figures, "batch_size"), float(took[1]), int(memories.pop()))
    found.add(Evidence((f"the report {path.parent}",), (run,), cold_starts=median_of(colds)))
    return True
