"""A run as a sample of its kind, of the cloud or of a sweep's journal: how long it took, and what made its time.

``setting`` has all that should be the same in two runs whose times are compared, under the words that people have for
it: the workflow, the cloud, each value of the input, memory, code, definition, and how many records came out.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING

from shared.config.lane import INPUTS
from shared.config.parameters import is_reference
from shared.measure.comparing.values import leaves

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.measure.comparing.run_figures import RunFigures
    from shared.measure.scaling.sweep import Record
    from shared.run.find import Found
    from shared.values import Json

_LONGEST = 60  # characters of a value


@dataclass(frozen=True, slots=True)
class Side:
    """A run of the cloud: what Step Functions says, the machine that it ran, its figures, and its redrives.

    ``figures`` is None where that was not read.
    """

    found: Found
    definition: Mapping[str, Json]
    figures: RunFigures | None = None
    redrives: int = 0


@dataclass(frozen=True, slots=True)
class Timed:
    """One run.

    Attributes:
        name: Its run id.
        started: When it began; None where that is not known.
        seconds: How long it took; None where it still runs.
        ranks: The seconds of each of its ranks.
        states: The longest visit of each state, in seconds.
        usd: What it cost, estimated; None where that is not known.
        invocations: How many invocations are known, and ``cold`` how many of them began cold.
        setting: What makes its time, by name.
        remarks: What to keep in mind of this run.
    """

    name: str
    started: datetime | None
    seconds: float | None
    ranks: tuple[float, ...] = ()
    states: Mapping[str, float] = field(default_factory=dict)
    usd: float | None = None
    invocations: int = 0
    cold: int = 0
    setting: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Runs that are taken for runs of one kind. ``name`` is how they were asked for."""

    name: str
    runs: tuple[Timed, ...]

    @property
    def seconds(self) -> tuple[float, ...]:
        """How long each of the runs took, of those that have ended."""
        return tuple(run.seconds for run in self.runs if run.seconds is not None)

    @property
    def costs(self) -> tuple[float, ...]:
        """What each of the runs cost, of those of which that is known."""
        return tuple(run.usd for run in self.runs if run.usd is not None)

    @property
    def middle_ranks(self) -> tuple[float, ...]:
        """The median rank of each run that has ranks."""
        return tuple(median(run.ranks) for run in self.runs if run.ranks)

    @property
    def slowest_ranks(self) -> tuple[float, ...]:
        """The slowest rank of each run that has ranks."""
        return tuple(max(run.ranks) for run in self.runs if run.ranks)


def timed_side(side: Side, place: str, deployed: Mapping[str, datetime], tags: Mapping[str, str]) -> Timed:
    """Return a run of the cloud.

    Args:
        side: The run.
        place: Which cloud it is: ``aws``, ``embedded``, or a URL.
        deployed: When each of its functions was changed last, by what people call it.
        tags: The entity tag of each object that its input refers to, by its key.
    """
    found, figures = side.found, side.figures
    setting = {"workflow": found.run.workflow, "cloud": place, "definition": _digest(side.definition)}
    setting |= _input(json.loads(found.input), tags)
    output = json.loads(found.output) if found.output else None
    if isinstance(output, dict) and isinstance(records := output.get("records"), int):
        setting["records"] = str(records)
    for name, moment in sorted(deployed.items()):
        told = f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        setting[f"code of {name}"] = f"that of {told}" if found.started >= moment else f"one from before {told}"
    if figures is None:
        return Timed(found.run.id, found.started, found.seconds, setting=setting, remarks=tuple(remarks_on(side)))
    setting |= {f"memory of {name}": f"{size} MB" for name, size in sorted(figures.memory.items())}
    return Timed(
        found.run.id,
        found.started,
        found.seconds,
        figures.rank_seconds,
        {state.state: state.longest for state in figures.states},
        figures.cost.usd,
        figures.invocations,
        figures.cold,
        setting,
        tuple(remarks_on(side)),
    )


def remarks_on(side: Side) -> Iterator[str]:
    """Yield what to keep in mind of one run."""
    name = side.found.run.id
    if side.found.status != "SUCCEEDED":
        yield f"{name} did not succeed ({side.found.status}), so its times end where it ended"
    if side.figures and side.figures.lacks:
        yield f"{name}: {side.figures.lacks}"
    if side.redrives:
        yield f"{name} was redriven, and its time counts the wait before"


def timed_cell(record: Record) -> Timed:
    """Return a run of a sweep that succeeded, by its line of the journal."""
    told, name = record.get("setting", {}), record.get("run_id", record["key"])
    setting = {"workflow": str(told.get("workflow")), "cloud": str(told.get("where")), "code": str(told.get("code"))}
    setting |= _input({**_part(told, "input"), **record["axes"]}, {})
    setting |= {f"memory of {step}": f"{size} MB" for step, size in _part(told, "memory").items()}
    if "records" in record:
        setting["records"] = str(record["records"])
    ranks = record.get("ranks", ())
    return Timed(
        name,
        datetime.fromisoformat(record["measured_at"]) if "measured_at" in record else None,
        record["wall_seconds"],
        tuple(rank[2] for rank in ranks if rank[2] is not None),
        {},
        record.get("cost_usd"),
        len(ranks),
        sum(rank[3] is not None for rank in ranks),
        setting if told else {key: value for key, value in setting.items() if value != "None"},
        () if told else (f"{name} is of before settings were recorded: its code and memory are not known",),
    )


def _part(told: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    part = told.get(key)
    return part if isinstance(part, dict) else {}


def _input(value: Json, tags: Mapping[str, str]) -> dict[str, str]:
    if not isinstance(value, dict):
        return {"input": _shown(value)}
    return {
        f"input {path}".replace("_", " "): _shown(each)
        for name, inner in value.items()
        for path, each in ([(name, _object(inner, tags))] if _refers(inner) else leaves(inner, name))
    }


def references(value: Json) -> Iterator[str]:
    """Yield the keys of the objects that an input refers to, which were written for that run alone."""
    for inner in value.values() if isinstance(value, dict) else ():
        if isinstance(inner, dict) and _refers(inner):
            yield str(inner["key"])


def _refers(value: Json) -> bool:
    return is_reference(value) and isinstance(value, dict) and str(value.get("key", "")).startswith(INPUTS)


def _object(value: Json, tags: Mapping[str, str]) -> str:
    key = str(value["key"]) if isinstance(value, dict) else ""
    return f"an object with entity tag {tags[key]}" if key in tags else "an object that is gone"


def _shown(value: Json) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= _LONGEST else f"{text[:20]}... (sha256 {_digest(value)})"


def _digest(value: Json | Sequence[Json] | Mapping[str, Json]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]
