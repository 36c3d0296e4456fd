"""Holds the figures of a report to runs that were made again: what must be equal, and what must lie within a spread.

Nobody says which figures of a workflow are the same each time. So the run is made several times: a figure that was the
same in all of them must be so in the report, too; one that was not is not judged. Numbers with a fraction may differ by
their last digits, as another processor adds in another order. Times are judged only where both ran on an embedded
cloud, and generously.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from shared.measure.comparing.values import by_path
from shared.measure.verifying.verdict import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.measure.reports.evidence import Contribution, RunManifest, Stay, Stored
    from shared.values import Json

TOLERANCE = 1e-5
"""How much of itself a number with a fraction may differ: our choice, above what float32 loses in sums of a million."""
TOLERANCE_OF_OTHERS = 1e-3
"""The same where the versions of libraries differ."""
_LEAST = 1e-6  # numbers this near to each other are the same: for those around zero
SPREAD = 10.0
"""A time may be so many times shorter or longer than those of the runs that were made again: our choice."""
_FLOOR = 1.0  # seconds: what is nearer to the runs' times than this is within their spread
_OF_TIME = frozenset(
    {
        *("second", "seconds", "sec", "persec", "ms", "time", "times", "duration", "elapsed", "latency"),
        *("wait", "waited", "cpu", "bps", "throughput", "memory", "mb"),
    }
)
"""Words in the names of figures that are others each time."""
_WORD = re.compile(r"[a-z]+|[A-Z][a-z]*")
_DATE = re.compile(r"\d{4}-?\d\d-?\d\d")
_COUNTED = frozenset(
    {"lambda_requests", "state_transitions", "s3_puts", "s3_gets", "dynamodb_writes", "dynamodb_reads"}
)
_LIBRARIES = ("Python", "numpy", "onnxruntime")
_MOST_NAMED = 4

Leaf = bool | int | float | str | None


class Compared(NamedTuple):
    """What does not follow, and what was not judged."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def compare(said: RunManifest, again: Sequence[RunManifest]) -> Compared:
    """Compare the figures of a report with those of its run, made *again* at least twice."""
    skipped = _retried(said)
    mine = by_path(_leaves(_settled(said, skipped)))
    others = [by_path(_leaves(_settled(each, skipped))) for each in again]
    tolerance, notes = _tolerance(said, again[0])
    findings, varied = [], []
    for path in dict.fromkeys([*others[0], *mine]):
        found = [each.get(path, _ABSENT) for each in others]
        if _moves(path, found[0]) or not all(_equal(found[0], each, tolerance) for each in found):
            varied.append(path)
        elif not _equal(mine.get(path, _ABSENT), found[0], tolerance):
            why = f"the run, made again {len(again)} times"
            findings.append(Finding(f"figures.{path}", _shown(mine.get(path, _ABSENT)), _shown(found[0]), why))
    more, unlike = _files(said, again)
    own = [path for path in varied if not _moves(path, None)]
    if own:
        notes.append(f"not judged, since each run has others: {_named(own)}")
    if skipped:
        notes.append("not judged, since attempts failed and were tried again: how often was called, and what it cost")
    return Compared((*findings, *more, *_times(said, again)), (*notes, *unlike, _of_times(said)))


def _moves(path: str, value: Leaf | _Absent) -> bool:
    """Whether a figure tells of time, by its name or by what it is: it is another each time, if not by chance."""
    words = {word.lower() for word in _WORD.findall(path.rpartition(".")[2])}
    return bool(words & _OF_TIME) or (isinstance(value, str) and bool(_DATE.match(value)))


class _Absent:
    """Stands for a figure that is not there."""


_ABSENT = _Absent()


def _retried(said: RunManifest) -> bool:
    return any(stay.calls > 1 or stay.failures for stay in said.evidence.visits) or said.evidence.redrives > 0


def _settled(manifest: RunManifest, skipped: bool) -> Json:  # noqa: FBT001  whether counts of attempts are left out
    """Return what of a run may be the same each time."""
    evidence = manifest.evidence
    hidden = _Hidden(evidence.run.id)
    states = {
        node.name: {
            "kind": node.kind,
            "done": node.done,
            "failed": node.failed,
            "error": node.error,
            "items": {"total": node.items.total, "done": node.items.done, "failed": node.items.failed}
            if node.items
            else None,
        }
        for _, node in evidence.graph.walk()
    }
    value: dict[str, Json] = {
        "status": evidence.run.status,
        "children": evidence.children,
        "states": states,
        "ranks": {} if evidence.unread else _by_rank(evidence.visits),
        "output": hidden(json.loads(evidence.run.output) if evidence.run.output else None),
        "sections": {each.title: {"figures": each.figures, "text": hidden(_words(each))} for each in evidence.sections},
        "stored": {str(hidden(each.key)): hidden(each.value) for each in evidence.stored},
        "objects": len(evidence.stored),
    }
    if not skipped:
        calls = Counter(row.state or row.place for row in evidence.rows)
        counts = {item.name: item.amount for item in evidence.cost if item.name in _COUNTED}
        value |= {"transitions": evidence.transitions, "calls": dict(calls), "used": counts}
        value["troubles"] = Counter(row.trouble for row in evidence.rows if row.trouble)
    return value


def _words(section: Contribution) -> Json:
    """Return what a section says instead of figures. What it says beside some follows from them."""
    return None if section.figures else section.model_dump(mode="json")


def _by_rank(visits: Sequence[Stay]) -> Json:
    """Return how often each state was entered for each rank."""
    return dict(Counter(f"{stay.state}, {'no rank' if stay.rank is None else f'rank {stay.rank}'}" for stay in visits))


class _Hidden:
    """Replaces a run's own id, which is another each time."""

    def __init__(self, run_id: str) -> None:
        self._id = run_id

    def __call__(self, value: Json) -> Json:
        if isinstance(value, str):
            return value.replace(self._id, "RUN") if self._id else value
        if isinstance(value, dict):
            return {str(self(key)): self(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self(item) for item in value]
        return value


def _leaves(value: Json, path: str = "") -> Iterator[tuple[str, Leaf]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        yield f"{path} (how many)", len(value)
        for place, item in enumerate(value):
            yield from _leaves(item, f"{path}.{place}")
    elif value is None or isinstance(value, bool | int | float | str):
        yield path, value


def _equal(one: Leaf | _Absent, other: Leaf | _Absent, tolerance: float) -> bool:
    if isinstance(one, float) or isinstance(other, float):
        if not (isinstance(one, int | float) and isinstance(other, int | float)):
            return False
        return math.isclose(one, other, rel_tol=tolerance, abs_tol=_LEAST)
    return type(one) is type(other) and one == other


def _shown(value: Leaf | _Absent) -> str:
    return "(absent)" if isinstance(value, _Absent) else json.dumps(value, ensure_ascii=False)


def _tolerance(said: RunManifest, here: RunManifest) -> tuple[float, list[str]]:
    one, other = said.provenance.versions, here.provenance.versions
    differ = [
        f"{name} {one.get(name)}, here {other.get(name)}" for name in _LIBRARIES if one.get(name) != other.get(name)
    ]
    if not differ:
        return TOLERANCE, []
    told = f"other versions ({'; '.join(differ)}): numbers with a fraction may differ by {TOLERANCE_OF_OTHERS:.1%}"
    return TOLERANCE_OF_OTHERS, [told]


def _files(said: RunManifest, again: Sequence[RunManifest]) -> tuple[list[Finding], list[str]]:
    """Compare digests of what was stored, and of plots of that, where all runs have the same.

    On another processor the last digits may differ, and with them digests: there they are only told.
    """
    mine, others = _digests(said), [_digests(each) for each in again]
    unlike = [
        Finding(f"figures.stored.{key}" if "/" in key else f"plots.{key}", mine.get(key, "(absent)"), digest, "the run")
        for key, digest in others[0].items()
        if all(each.get(key) == digest for each in others) and mine.get(key) != digest
    ]
    if not unlike:
        return [], []
    if _machine(said) == _machine(again[0]):
        return unlike, []
    return [], [f"other bytes, as another machine may compute: {_named([each.figure for each in unlike])}"]


def _digests(manifest: RunManifest) -> dict[str, str]:
    hidden = _Hidden(manifest.evidence.run.id)
    drawn = {plot.name for section in manifest.evidence.sections for plot in section.plots}
    stored = {str(hidden(each.key)): _bytes(each) for each in manifest.evidence.stored if each.value is None}
    shown = {name: manifest.plots[name] for name in drawn if name in manifest.plots}
    return stored | {name: " ".join(filter(None, (each.svg, each.csv))) for name, each in shown.items()}


def _bytes(stored: Stored) -> str:
    return f"{stored.bytes} bytes, SHA-256 {stored.sha256}"


def _machine(manifest: RunManifest) -> tuple[object, ...]:
    told = manifest.provenance
    return told.cloud, told.processor, *(told.versions.get(each) for each in ("platform", "matplotlib", *_LIBRARIES))


def _times(said: RunManifest, again: Sequence[RunManifest]) -> Iterator[Finding]:
    """Yield times beyond the spread of those of the runs, where all ran on an embedded cloud."""
    if said.provenance.cloud != again[0].provenance.cloud:
        return
    mine, others = dict(_seconds(said)), [dict(_seconds(each)) for each in again]
    for path, time in mine.items():
        there = [each[path] for each in others if path in each]
        if len(there) < len(others):
            continue
        low, high = min(there), max(there)
        beyond = max(low / SPREAD - time, time - high * SPREAD)
        if beyond > 0 and max(low - time, time - high) > _FLOOR:
            follows = f"{low / SPREAD:.3f} to {high * SPREAD:.3f} s"
            why = f"{len(there)} runs took {low:.3f} to {high:.3f} s"
            yield Finding(f"figures.{path}", f"{time:.3f} s", follows, why)


def _seconds(manifest: RunManifest) -> Iterator[tuple[str, float]]:
    evidence = manifest.evidence
    if evidence.run.seconds is not None:
        yield "wall_seconds", evidence.run.seconds
    for _, node in evidence.graph.walk():
        if node.seconds is not None:
            yield f"states.{node.name}.seconds", node.seconds
    longest: dict[str, float] = {}
    for row in evidence.rows:
        path = f"invocations of {row.state or row.place}, the longest duration_ms"
        longest[path] = max(longest.get(path, 0.0), row.report.duration_ms / 1000)
    yield from longest.items()
    for path, leaf in _leaves(json.loads(evidence.run.output) if evidence.run.output else None, "output"):
        if "seconds" in path and isinstance(leaf, int | float):
            yield path, float(leaf)


def _of_times(said: RunManifest) -> str:
    if said.provenance.cloud == "embedded":
        return f"times: within {SPREAD:g} times those of the runs made again, and in keeping with each other; no more"
    return "times: in keeping with each other; an embedded cloud's are others than AWS's, so they are not judged"


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
