"""Takes what bears a lane's names, and is nobody's, into the lane: what was clicked together before there was a file.

    adoption = plan_adoption(lane, wanted, aws)      # reads alone; collects all that stands against it
    take_in(adoption, aws, watch)                    # tags it, which makes it the lane's
    ... then the lane is deployed: a plan like any other makes it what the file says

Names are the file's. What is only named alike is told of and left alone. What AWS cannot change into what the file says
is refused, and so is what would have to be deleted and made anew: data never goes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from shared.deploy.apply import apply
from shared.deploy.caller import WHO_MAY, is_deployer
from shared.deploy.guard import claimed_by, is_ours, lane_tags
from shared.deploy.model import Call, Plan, Step
from shared.deploy.plan import leftovers
from shared.deploy.quota import check_concurrency, check_function_memory
from shared.deploy.resources import (
    KINDS,
    bucket,
    budget,
    database,
    event_source,
    function,
    function_left,
    notification,
    rendezvous_key,
)
from shared.deploy.runtimes import check_runtimes
from shared.deploy.side_effects import side_effects
from shared.deploy.steps import missing_tags
from shared.deploy.watch import UNWATCHED
from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.deploy.model import Resource, Routine
    from shared.deploy.resources import LaneKind
    from shared.deploy.watch import Watch
    from shared.values import Json

_READERS = 8
_TAGGING = {
    *("put_bucket_tagging", "tag_resource", "tag_role", "tag_policy", "tag_queue", "add_tags_to_resource"),
}
"""The calls by which kinds put tags on what is there. Each leaves other tags as they are."""
_CARRIED = (event_source.KIND, notification.KIND)
"""Kinds with no tags of their own: they are of whose function, or whose bucket, they are."""
_CHECKS: dict[str, Callable[[Aws, Resource, Resource], None]] = {
    bucket.KIND: bucket.check_acl,
    function.KIND: function_left.check_left,
}
"""What AWS would refuse to change because of what no file says: kinds read it for an adoption alone."""
_MADE_HERE = (database.KIND, rendezvous_key.KIND)
"""Secrets whose values a deploy makes: what lies in one that somebody else made would be lost."""


class AdoptionError(LanesError):
    """Something stands against it; the message has all of it, and nothing was changed."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """One thing that is taken in.

    Attributes:
        have: It, as it is.
        step: What makes it what the file says.
        effects: What that does to what it holds, or to those who use it, a line each.
    """

    have: Resource
    step: Step
    effects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Adoption:
    """What an adoption does.

    Attributes:
        adopted: What is taken in, in the order in which a lane is made.
        tagging: The steps that make it the lane's.
        others: What the deploy changes beside it.
        left: What is named as the team's things are, is nobody's, and stands in no file. It stays as it is.
    """

    adopted: tuple[Adopted, ...]
    tagging: Plan
    others: tuple[Step, ...]
    left: tuple[Resource, ...]


def plan_adoption(lane: Lane, wanted: Iterable[Resource], aws: Aws) -> Adoption:
    """Return what it takes to take in what bears *lane*'s names and is nobody's.

    Args:
        lane: The team's lane.
        wanted: All that it should own.
        aws: Where.

    Raises:
        AdoptionError: Something is another's, or cannot become what the file says, or the account has no room for it.
        LanesError: A team's own people ask, who may not change what all of this is.
    """
    if is_deployer(lane, aws):
        raise LanesError(f"{lane.deployer} may not take anything into the lane", fix=f"ask who may: {WHO_MAY}")
    wanted, tags = tuple(wanted), lane_tags(lane)
    read = _read(aws, [(want.kind, want.name) for want in wanted])
    against = [error for error in read.values() if isinstance(error, LanesError)]
    found = {key: have for key, have in read.items() if not isinstance(have, LanesError)}
    steps: list[tuple[Resource | None, Resource, Step]] = []
    for want in (each for each in wanted if (each.kind, each.name) in found):
        have = found[want.kind, want.name]
        try:
            steps.append((have, want, _step(want, have, tags)))
            if have and want.kind in _CHECKS and not is_ours(have.tags, tags):
                _CHECKS[want.kind](aws, want, have)
        except LanesError as error:
            against.append(error)
    against += _account(wanted, read, aws)
    if against:
        raise _refused(lane, against)
    new = [(have, want, step) for have, want, step in steps if have and not is_ours(have.tags, tags)]
    adopted = tuple(Adopted(have, step, tuple(side_effects(want, have))) for have, want, step in new)
    calls = (
        Step("update", want.kind, want.name, missing_tags(want, have), _tagging(want, have, step, lane))
        for have, want, step in new
    )
    tagging = Plan(lane.team, lane.place.stage, tuple(each for each in calls if each.calls), tags)
    known = {id(each.step) for each in adopted}
    others = [step for _, _, step in steps if id(step) not in known and step.action != "nothing"]
    others += [*_carried(adopted, found, aws), *leftovers(lane, wanted, aws)]
    return Adoption(adopted, tagging, tuple(others), tuple(_left(lane, found, aws)) if adopted else ())


def take_in(adoption: Adoption, aws: Aws, watch: Watch = UNWATCHED) -> None:
    """Tag what is taken in, which makes it the lane's.

    Raises:
        ApplyError: A step failed, or somebody else tagged it meanwhile. What is tagged stays so; running again goes on.
    """
    tags = adoption.tagging.tags
    apply(adoption.tagging, aws, watch, kinds={name: _Unclaimed(kind, tags) for name, kind in KINDS.items()})


def check_as_shown(adoption: Adoption, todo: Plan) -> None:
    """Refuse a plan that removes something which nobody was shown.

    Raises:
        AdoptionError: Something came up since.
    """
    shown = {(step.action, step.kind, step.name) for step in adoption.others}
    more = [each for each in todo.changes if each.action in ("delete", "replace") and _key(each) not in shown]
    if more:
        what = f"it would now {'; '.join(map(str, more))}, which was not shown; what was tagged is the lane's"
        raise AdoptionError(what, fix=f"lanes plan {todo.team}, then lanes deploy {todo.team}")


def _key(step: Step) -> tuple[str, str, str]:
    return (step.action, step.kind, step.name)


@dataclass(frozen=True, slots=True)
class _Unclaimed:
    """A kind to which what nobody claims is the lane's already: it is about to be tagged so."""

    kind: LaneKind
    tags: Mapping[str, str]

    @property
    def KIND(self) -> str:  # noqa: N802  as of a module
        """The kind's name."""
        return self.kind.KIND

    @property
    def steps(self) -> Callable[[Resource, Resource | None], Step]:
        """What makes one into another."""
        return self.kind.steps

    @property
    def remove(self) -> Callable[[Resource], Step]:
        """What removes one."""
        return self.kind.remove

    def current(self, aws: Aws, name: str) -> Resource | None:
        """Return it as it is, as the lane's if nobody claims it."""
        have = self.kind.current(aws, name)
        if have is None or claimed_by(have.tags, self.tags):
            return have
        return replace(have, tags={**have.tags, **self.tags})


def _read(aws: Aws, keys: list[tuple[str, str]]) -> dict[tuple[str, str], Resource | LanesError | None]:
    """Return the resource of each (kind, name), or why nobody may have it; several are read at once."""

    def read(key: tuple[str, str]) -> Resource | LanesError | None:
        try:
            return KINDS[key[0]].current(aws, key[1])
        except LanesError as error:
            return error

    with ThreadPoolExecutor(_READERS) as pool:
        return dict(zip(keys, pool.map(read, keys), strict=True))


def _step(want: Resource, have: Resource | None, tags: Mapping[str, str]) -> Step:
    """Return what makes *have* into *want*.

    Raises:
        LanesError: *have* is another's, or AWS cannot change it so.
    """
    step = KINDS[want.kind].steps(want, have)
    if have is None or is_ours(have.tags, tags):
        return step
    name = f"{want.kind} {want.name}"
    if who := claimed_by(have.tags, tags):
        fix = "choose another name in the team's file, or ask them to delete it, or to take their tags off"
        raise LanesError(f"{name} belongs to {who}", fix=fix)
    if want.kind in _MADE_HERE:
        raise LanesError(
            f"{name}: a deploy makes its value, and what it holds now would be lost", fix="delete it first"
        )
    if step.action == "replace":
        raise LanesError(f"{name} would be deleted and made anew ({'; '.join(step.diff)})", fix="save it and delete it")
    return step


def _account(
    wanted: tuple[Resource, ...], read: Mapping[tuple[str, str], Resource | LanesError | None], aws: Aws
) -> Iterator[LanesError]:
    """Yield what of the account stands against it: runtimes that are at their end, concurrency and memory."""
    there = {key: None if isinstance(have, LanesError) else have for key, have in read.items()}
    checks: tuple[Callable[[], None], ...] = (
        partial(check_runtimes, wanted, there, datetime.now(UTC).date()),
        partial(check_concurrency, wanted, there, aws),
        partial(check_function_memory, wanted, there, aws),
    )
    for check in checks:
        try:
            check()
        except LanesError as error:
            yield error


def _refused(lane: Lane, against: list[LanesError]) -> AdoptionError:
    lines = [f"  {error.what}" + (f"\n    fix: {error.fix}" if error.fix else "") for error in against]
    count = f"{len(against)} things stand" if len(against) > 1 else "one thing stands"
    what = f"{count} against it; nothing was changed:\n" + "\n".join(lines)
    return AdoptionError(what, where=f"team {lane.team}, stage {lane.place.stage}")


def _tagging(want: Resource, have: Resource, step: Step, lane: Lane) -> tuple[Call | Routine, ...]:
    """Return the calls that make *have* the lane's, out of the *step* that makes all of it what the file says."""
    if want.kind == function.KIND:  # of a zip, the step has Chalice alone
        on: dict[str, Json] = {"Resource": lane.place.arn("lambda", f"function:{want.name}"), "Tags": dict(want.tags)}
        return (Call(function.SERVICE, "tag_resource", on),)
    if want.kind == budget.KIND:  # whose it is lies in what it counts, so it is made anew; AWS keeps the month's cost
        return (*budget.remove(have).calls, *budget.steps(want, None).calls)
    return tuple(each for each in step.calls if isinstance(each, Call) and each.method in _TAGGING)


def _carried(
    adopted: tuple[Adopted, ...], found: Mapping[tuple[str, str], Resource | None], aws: Aws
) -> Iterator[Step]:
    """Yield what removes what comes with a function or a bucket and stands in no file: what calls it, what it tells."""
    for carrier, kind in ((function.KIND, event_source), (bucket.KIND, notification)):
        for each in adopted:
            key = (kind.KIND, each.have.name)
            if each.have.kind == carrier and key not in found and (have := kind.current(aws, each.have.name)):
                yield kind.remove(have)


def _left(lane: Lane, found: Mapping[tuple[str, str], Resource | None], aws: Aws) -> Iterator[Resource]:
    tags = lane_tags(lane)
    for name, kind in KINDS.items():
        if name not in _CARRIED:
            keys = [(name, each) for each in kind.names(aws, lane.team) if (name, each) not in found]
            there = _read(aws, keys).values()
            yield from (
                each
                for each in there
                if each
                and not isinstance(each, LanesError)
                and not is_ours(each.tags, tags)
                and not claimed_by(each.tags, tags)
            )
