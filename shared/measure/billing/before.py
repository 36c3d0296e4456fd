"""What a run may cost, told before it starts: what is sure to be enough if nothing repeats, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from shared.config.express import EXPRESS_SECONDS
from shared.config.template import render_definition
from shared.config.worlds import ranks_of
from shared.deploy.concurrency import calling_states
from shared.measure.billing.cost import cost_of
from shared.measure.billing.usage import LEAST_EXPRESS, Usage
from shared.run.item_ranks import maps_in, processors_in, states_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.config.lane import Function, Lane
    from shared.values import Json

_FREE_STORAGE_MB = 512  # comes with every function


@dataclass(frozen=True, slots=True)
class Called:
    """A function of a workflow, and what its calls cost where each takes all of its time.

    Attributes:
        key: Its name in the team's file.
        memory_mb: Its memory.
        timeout_seconds: The longest that a call may take.
        states: How many states call it.
        calls: How many calls there are, where nothing repeats; None where that is not known before the run.
        usd: What they cost then; of one call where their number is not known.
    """

    key: str
    memory_mb: int
    timeout_seconds: int
    states: int
    calls: int | None
    usd: float


@dataclass(frozen=True, slots=True)
class Children:
    """The children of a distributed Map, and what Step Functions takes for each.

    Attributes:
        state: The Map's name.
        express: Whether they are express executions.
        usd: Of a standard one, its states, each entered once; of an express one, its start and all the time that its
            functions may take, five minutes at most, in 64 MB.
    """

    state: str
    express: bool
    usd: float


@dataclass(frozen=True, slots=True)
class WorstCase:
    """What the functions of a run cost where every call takes all of its time, and no state repeats.

    Attributes:
        ranks: How many ranks the input asks for; None where no parameter says so.
        functions: Those that the workflow may call.
        usd: What all calls cost; None where it is not known how many there are.
        children: The children of its distributed Maps, which are not in ``usd``.
    """

    ranks: int | None
    functions: tuple[Called, ...]
    usd: float | None
    children: tuple[Children, ...] = ()

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return asdict(self) | {
            "functions": [asdict(each) for each in self.functions],
            "children": [asdict(each) for each in self.children],
        }


def worst_case(lane: Lane, workflow: str, payload: Json) -> WorstCase:
    """Return what a run of *workflow* on *payload* costs at the most, of what its functions are billed for.

    A Map is taken to have an item for each rank. Retries and loops come on top, and so do transitions and requests.
    """
    ranks = ranks_of(lane.workflows[workflow], payload) if isinstance(payload, Mapping) else None
    depths: dict[str, list[int]] = {}
    definition = render_definition(lane, workflow)
    for key, maps in calling_states(lane, definition):
        depths.setdefault(key, []).append(maps)
    found = tuple(_called(lane.functions[key], maps, ranks) for key, maps in depths.items())
    known = all(each.calls is not None for each in found)
    usd = sum(each.usd for each in found) if known else None
    return WorstCase(ranks, found, usd, tuple(_children(lane, definition)))


def _children(lane: Lane, definition: Mapping[str, Json]) -> Iterator[Children]:
    """Yield the children of each distributed Map in *definition*, at any depth."""
    kinds = maps_in(definition)
    for name, processor in processors_in(definition):
        if kinds[name] == "distributed":
            yield Children(name, False, cost_of(Usage(state_transitions=len(list(states_in(processor))))).usd)  # noqa: FBT003
        elif kinds[name] == "express":
            timeouts = (lane.functions[key].timeout_seconds for key, _ in calling_states(lane, processor))
            seconds = min(EXPRESS_SECONDS, max(0.1, sum(timeouts)))
            usage = Usage(express_requests=1, express_gb_seconds=seconds * 10 * LEAST_EXPRESS)
            yield Children(name, True, cost_of(usage).usd)  # noqa: FBT003


def _called(function: Function, maps: list[int], ranks: int | None) -> Called:
    """Return what calls of *function* cost, by states that lie so many *maps* deep."""
    once, mapped, nested = maps.count(0), maps.count(1), any(depth > 1 for depth in maps)
    unknown = nested or (mapped > 0 and ranks is None)
    calls = None if unknown else once + mapped * (ranks or 0)
    billed = (1 if calls is None else calls) * function.timeout_seconds / 1024
    usage = Usage(
        lambda_requests=1 if calls is None else calls,
        lambda_gb_seconds=billed * function.memory_mb,
        storage_gb_seconds=billed * max(0, function.ephemeral_mb - _FREE_STORAGE_MB),
    )
    return Called(function.key, function.memory_mb, function.timeout_seconds, len(maps), calls, cost_of(usage).usd)
