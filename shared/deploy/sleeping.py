"""A lane that sleeps, for a break: no function may run, nothing starts a workflow, and all that it owns stays.

That it sleeps is a tag of its state machines, set first and taken off last, so no deploy wakes it and what was
interrupted is finished by the same command. Waking it goes back to what its files say. Schedules that somebody had
paused before stay paused. A function with no concurrency is throttled, whoever calls it; an account of any size may
reserve none. Source: Lambda guide, "Configuring reserved concurrency" (read 2026-12-01).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from shared.aws.settling.waiting import wait_until
from shared.deploy.guard import check_ownership, lane_tags
from shared.deploy.model import Call, Digests, Plan, Routine, Step
from shared.deploy.quota import check_concurrency
from shared.deploy.reading import if_there
from shared.deploy.record import read_records, with_record
from shared.deploy.resources import event_source, function, schedules, state_machine
from shared.deploy.tags import lower_tag_pairs, read_tags
from shared.errors import LanesError
from shared.values import as_mapping, as_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.deploy.model import Resource
    from shared.deploy.watch import Watch
    from shared.values import Json

SLEEPER = "lane"
"""The kind of the step by which a plan says that the lane sleeps."""
AWAIT_RUNS = "await runs"
_EVERY, _LONGEST = 5.0, 86_400.0  # seconds


def asleep_since(lane: Lane, aws: Aws) -> str:
    """Return since when *lane* sleeps, as ``lanes sleep`` wrote it; empty when it is awake, or not there."""
    states = aws.client(state_machine.SERVICE)
    for key in lane.workflows:
        read = partial(states.list_tags_for_resource, resourceArn=lane.state_machine_arn(key))
        if (found := if_there(read, "ResourceNotFound", "StateMachineDoesNotExist")) is not None:
            return read_tags(found["tags"]).get(state_machine.ASLEEP, "")
    return ""


def as_it_stands(lane: Lane, aws: Aws) -> Lane:
    """Return *lane*; if it sleeps, as it is then: nothing of it may run, whatever its files say."""
    since = asleep_since(lane, aws)
    if not since:
        return lane
    functions = {key: replace(each, reserved_concurrency=0) for key, each in lane.functions.items()}
    return replace(lane, functions=functions, asleep=since)


def check_awake(lane: Lane, aws: Aws) -> None:
    """Refuse to start anything of a lane that sleeps.

    Raises:
        LanesError: It sleeps.
    """
    if since := asleep_since(lane, aws):
        raise LanesError(
            f"{lane.team} sleeps since {since}: none of its functions runs", fix=f"lanes wake {lane.team}, then this"
        )


def sleep_kept(lane: Lane) -> Step:
    """Return what a plan says of a lane that sleeps: a deploy changes what it owns, and does not wake it."""
    return Step("nothing", SLEEPER, lane.team, (f"asleep since {lane.asleep}, and stays so (lanes wake {lane.team})",))


def plan_sleep(lane: Lane, aws: Aws, since: str, *, stop: Collection[str] = (), wait: bool = False) -> Plan:
    """Return the steps that put *lane* to sleep.

    Args:
        lane: The team's lane, as its files say.
        aws: Where.
        since: When that is, as it is kept and shown.
        stop: The ARNs of executions that are stopped.
        wait: Whether executions that run are waited for, before the functions are stopped.

    Raises:
        OwnershipError: Something of that name is not the lane's.
        NotDeployedError: The lane has no state machine, so nothing would say that it sleeps.
    """
    found = _Found(lane, aws)
    if not found.machines:
        raise NotDeployedError(f"{lane.team} is not deployed: it has no state machine", fix=f"lanes deploy {lane.team}")
    since = next((told for each in found.machines if (told := each.tags.get(state_machine.ASLEEP))), since)
    tag, line = lower_tag_pairs({state_machine.ASLEEP: since}), f"tag {state_machine.ASLEEP}: absent -> {since}"
    marked = (
        _update(each, line, "tag_resource", {"resourceArn": _arn(each), "tags": tag})
        for each in found.machines
        if each.tags.get(state_machine.ASLEEP) != since
    )
    steps = [*marked, *found.schedule_steps(asleep=True), *found.mapping_steps(enabled=False)]
    steps += [_stop(each, [arn for arn in stop if arn.split(":")[6] == each.name]) for each in found.machines if stop]
    steps += [_await(each) for each in found.machines if wait and each.properties["type"] != "EXPRESS"]
    steps += found.concurrency_steps(dict.fromkeys(found.functions, 0))
    return _plan(lane, steps)


def plan_wake(lane: Lane, aws: Aws) -> Plan:
    """Return the steps that wake *lane*: back to what its files say.

    Raises:
        OwnershipError: Something of that name is not the lane's.
        QuotaError: What its functions had reserved is no longer free.
    """
    found = _Found(lane, aws)
    marked = [each for each in found.machines if state_machine.ASLEEP in each.tags]
    if not marked:
        return _plan(lane, [])
    wanted = {each.name: each.reserved_concurrency for each in lane.functions.values() if each.name in found.functions}
    _check_room(found, wanted, aws)
    steps = [*found.concurrency_steps(wanted), *found.mapping_steps(enabled=True), *found.schedule_steps(asleep=False)]
    keys, line = [state_machine.ASLEEP], f"tag {state_machine.ASLEEP}: taken off"
    steps += [_update(each, line, "untag_resource", {"resourceArn": _arn(each), "tagKeys": keys}) for each in marked]
    return _plan(lane, steps)


def noted(plan: Plan, lane: Lane, root: Path, aws: Aws) -> Plan:
    """Return *plan*, of :func:`plan_sleep` or :func:`plan_wake`, with the record that the lane is as no deploy left it.

    A plan of many teams believes records (``record.py``), and reads a lane in full whose record agrees with no file.
    """
    if not plan.changes:
        return plan
    last = read_records(lane, aws).newest
    return with_record(replace(plan, digests=Digests("", last.each if last else frozenset())), lane, root, aws)


def await_runs(aws: Aws, params: Mapping[str, Json], watch: Watch) -> None:
    """Wait until nothing runs on a state machine. Nothing is stopped.

    Raises:
        LanesError: Something runs for a day and more.
    """
    states = aws.client(state_machine.SERVICE)

    def over() -> bool:
        running = states.list_executions(**params, statusFilter="RUNNING")["executions"]
        if running:
            machine = as_text(params["stateMachineArn"]).rpartition(":")[2]
            watch.on_wait(f"{machine}: {len(running)} runs go on; the oldest is {running[-1]['name']}")
        return not running

    if not wait_until(over, watch.sleep, every=_EVERY, longest=_LONGEST):
        raise LanesError(f"{params['stateMachineArn']} is still busy after a day", fix="stop what runs", again=True)


class NotDeployedError(LanesError):
    """A lane is not there, so it cannot sleep."""


class _Found:
    """What of a lane can sleep, as the cloud has it."""

    def __init__(self, lane: Lane, aws: Aws) -> None:
        names = {
            state_machine: [each.name for each in lane.workflows.values()],
            schedules: [each.schedules.group for each in lane.workflows.values() if each.schedules],
            event_source: [lane.functions[w.upload.function].name for w in lane.workflows.values() if w.upload],
            function: [each.name for each in lane.functions.values()],
        }
        found = {kind: [have for name in told if (have := kind.current(aws, name))] for kind, told in names.items()}
        check_ownership((each for told in found.values() for each in told), lane_tags(lane))
        self.machines, self.groups, self.mappings = found[state_machine], found[schedules], found[event_source]
        self.functions = {each.name: each for each in found[function]}

    def concurrency_steps(self, wanted: Mapping[str, int | None]) -> Iterator[Step]:
        """Yield what gives each function the concurrency that is *wanted* of it, where it has another."""
        for name, want in wanted.items():
            have = self.functions[name].properties["reserved_concurrency"]
            if want != have:
                method = "delete_function_concurrency" if want is None else "put_function_concurrency"
                on: dict[str, Json] = {"FunctionName": name}
                count = {} if want is None else {"ReservedConcurrentExecutions": want}
                line = f"reserved_concurrency: {_told(have)} -> {_told(want)}"
                yield _update(self.functions[name], line, method, {**on, **count})

    def mapping_steps(self, *, enabled: bool) -> Iterator[Step]:
        """Yield what has each mapping read its queue, or not."""
        for each in self.mappings:
            if each.properties["enabled"] != enabled:
                line = f"enabled: {str(not enabled).lower()} -> {str(enabled).lower()}"
                on = {"UUID": each.properties["id"], "Enabled": enabled}
                yield _update(each, line, "update_event_source_mapping", on)

    def schedule_steps(self, *, asleep: bool) -> Iterator[Step]:
        """Yield what pauses the schedules that are active, or lets those go on that slept."""
        for group in self.groups:
            lines, calls = [], []
            for key, told in as_mapping(group.properties["schedules"]).items():
                have = as_mapping(told)
                if have.get("State") == schedules.ACTIVE if asleep else schedules.sleeps(have):
                    kept = {field: value for field, value in have.items() if asleep or field != "Description"}
                    state = schedules.SLEEPING if asleep else {"State": schedules.ACTIVE}
                    on = {"GroupName": group.name, "Name": key}
                    calls.append(Call(schedules.SERVICE, "update_schedule", {**on, **kept, **state}))
                    lines.append(f"{key}: paused" if asleep else f"{key}: goes on")
            if calls:
                yield Step("update", group.kind, group.name, tuple(lines), tuple(calls))


_SERVICES = {each.KIND: each.SERVICE for each in (state_machine, function, event_source)}


def _update(have: Resource, line: str, method: str, params: Mapping[str, Json]) -> Step:
    return Step("update", have.kind, have.name, (line,), (Call(_SERVICES[have.kind], method, params),))


def _stop(machine: Resource, arns: list[str]) -> Step:
    """Return what stops the executions *arns* of *machine*."""
    end: dict[str, Json] = {"error": "Lanes.Asleep", "cause": "the lane was put to sleep"}
    calls = tuple(Call(state_machine.SERVICE, "stop_execution", {"executionArn": arn, **end}) for arn in arns)
    lines = tuple(f"stop {arn.rpartition(':')[2]}" for arn in arns)
    return Step("update" if calls else "nothing", machine.kind, machine.name, lines, calls)


def _await(machine: Resource) -> Step:
    wait = Routine(AWAIT_RUNS, {"stateMachineArn": _arn(machine)})
    return Step("update", machine.kind, machine.name, ("wait until its runs have ended",), (wait,))


def _check_room(found: _Found, wanted: Mapping[str, int | None], aws: Aws) -> None:
    """Refuse to reserve what the account has no room for any more."""
    want = [replace(each, properties={"reserved_concurrency": wanted[each.name]}) for each in found.functions.values()]
    check_concurrency(want, {(each.kind, each.name): each for each in found.functions.values()}, aws)


def _arn(machine: Resource) -> Json:
    return machine.properties["arn"]


def _told(count: Json) -> str:
    return "none" if count is None else str(count)


def _plan(lane: Lane, steps: list[Step]) -> Plan:
    return Plan(lane.team, lane.place.stage, tuple(steps), lane_tags(lane))
