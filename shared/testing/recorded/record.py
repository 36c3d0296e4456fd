"""Makes a recording of a run that has happened, and sees to it that it can be replayed.

The workflow is run twice more in this process: once to find the items of its children and what its readers read
(:mod:`shared.testing.recorded.matched`), under the run's own name; then from the finished file, as a test will. What
does not come out as it did then is told, and nothing is written.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from shared.config.lane import INPUTS
from shared.config.parameters import REFERENCE, is_reference
from shared.errors import LanesError
from shared.local.asl.answers import Returned
from shared.run.history import details
from shared.testing.errors import MocksDoNotFit
from shared.testing.recorded.matched import Matching
from shared.testing.recorded.own_names import OwnNames
from shared.testing.recorded.read_objects import KeepingServices
from shared.testing.recorded.recording import Call, Recording, as_text_of, parse_recording
from shared.testing.recorded.replay import Recorded, Replaying
from shared.testing.recorded.secret_values import SecretValues
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3.client import S3Client

    from shared.config.lane import Lane
    from shared.run.attempts import Attempt
    from shared.testing.recorded.happened import Children, Happened
    from shared.values import Json

_CHANGED = "record a run of the workflow as it is now; what is made anew each time ($uuid, $random, $now) has no replay"
_ENDS = {"ExecutionSucceeded": "SUCCEEDED", "ExecutionFailed": "FAILED", "ExecutionTimedOut": "TIMED_OUT"}
_KEEPER = "secretsmanager"
_METADATA = ("SdkHttpMetadata", "SdkResponseMetadata")


class Recordable(Replaying, Protocol):
    """A workflow, as far as a recording asks it: that of a lane."""

    @property
    def lane(self) -> Lane:
        """The lane whose workflow it is."""


@dataclass(frozen=True, slots=True)
class Made:
    """A recording as its file's text, and what whoever records should know."""

    text: str
    notes: tuple[str, ...]


def record(workflow: Recordable, run_id: str, happened: Happened, s3: S3Client) -> Made:
    """Return the recording of a run of *workflow*.

    Args:
        workflow: What it was a run of.
        run_id: Its execution's name.
        happened: What it did.
        s3: The client of the cloud that it ran in.

    Raises:
        LanesError: It has not ended by itself, its data is not all there, or it does not replay.
    """
    ended = happened.events[-1]
    if ended["type"] not in _ENDS:
        fix = f"wait for its end: lanes runs {workflow.lane.team}; a run that was stopped by hand has no replay"
        raise LanesError(f"it did not end by itself: its last event is {ended['type']}", where=run_id, fix=fix)
    secrets = SecretValues()
    given, output = _data(happened, 0, "input"), _data(happened, -1, "output")
    secrets.look("the input", given)
    secrets.look("the output", output)
    for attempt in _attempts(happened):
        secrets.look(f"an answer to {attempt.state!r}", attempt.result, all_of_it=_KEEPER in attempt.kind)
        secrets.look(f"the cause of {attempt.state!r}", attempt.cause)
    secrets.look("its cause", _text(details(ended).get("cause")))

    def clean(where: str, text: str) -> str:
        secrets.look(where, text)
        return str(secrets.masked(text))

    given = secrets.masked(given)
    reading = KeepingServices(s3, ended["timestamp"], clean)
    _keep_references(workflow, given, reading)
    matching = Matching(_masked(happened, secrets))
    try:
        workflow.run_on(reading, given, matching.mocks(), run_id)
    except MocksDoNotFit as wrong:
        raise _no_replay(run_id, [*reading.problems, *wrong.problems]) from wrong
    told = details(ended)
    recording = Recording(
        status=_ENDS[ended["type"]],
        input=given,
        output=secrets.masked(output),
        error=_text(told.get("error")),
        cause=_text(secrets.masked(_text(told.get("cause")))),
        path=happened.path,
        calls=tuple(matching.calls),
        objects=reading.objects,
        listings=reading.listings,
    )
    if reading.problems:
        raise _no_replay(run_id, reading.problems)
    names = OwnNames(workflow.lane, run_id)
    text = as_text_of(_without_metadata(recording), names)
    differences = list(_differences(workflow, text))
    if differences:  # the definition reads it
        text = as_text_of(recording, names)
        differences = list(_differences(workflow, text))
    if differences:
        raise _no_replay(run_id, [*differences, *(f"no call of the run fits {each}" for each in matching.made_up)])
    return Made(text, tuple(f"masked, as a credential: {place}" for place in secrets.places))


def _no_replay(run_id: str, problems: list[str]) -> LanesError:
    listing = "".join(f"\n  {problem}" for problem in problems)
    return LanesError(f"the run cannot be replayed:{listing}", where=run_id, fix=_CHANGED)


def _without_metadata(recording: Recording) -> Recording:
    """Return *recording* without what HTTP had to say of each answer, which few definitions read and nobody else."""

    def lean(call: Call) -> Call:
        answer = call.answer
        if not isinstance(answer, Returned) or not isinstance(answer.value, dict):
            return call
        value = {key: item for key, item in answer.value.items() if key not in _METADATA}
        return replace(call, answer=replace(answer, value=value))

    return replace(recording, calls=tuple(lean(call) for call in recording.calls))


def _keep_references(workflow: Recordable, given: Json, reading: KeepingServices) -> None:
    """Keep what the input *given* refers to: a handler of a replay reads it."""
    for value in given.values() if isinstance(given, dict) else ():
        if is_reference(value):
            bucket, key = (str(as_mapping(value)[part]) for part in REFERENCE)
            if bucket == workflow.lane.bucket and key.startswith(INPUTS):
                reading.get_object(bucket, key, ExpectedBucketOwner=workflow.lane.place.account)


def _differences(workflow: Recordable, text: str) -> Iterator[str]:
    """Yield where a replay of the recording in *text* does not come out as it says."""
    recorded = Recorded(workflow, parse_recording(text, OwnNames(workflow.lane, "test")))
    try:
        run = recorded.replay()
    except MocksDoNotFit as wrong:
        yield from wrong.problems
        return
    if run.status != recorded.status:
        why = f": {run.error}: {run.cause}" if run.error else ""
        yield f"it ended {recorded.status}, and its replay {run.status}{why}"
        return
    pairs = (
        ("it went through", recorded.path, run.path),
        ("its error was", recorded.error, run.error),
        ("its output was", recorded.output, run.output),
    )
    for what, then, now in pairs:
        if then != now:
            yield f"{what} {then!r}, and in its replay {now!r}"


def _masked(happened: Happened, secrets: SecretValues) -> Happened:
    """Return *happened* without secrets, for its children, too."""

    def child(run: Children) -> Children:
        return replace(run, executions=tuple(_masked(each, secrets) for each in run.executions))

    attempts = (
        replace(
            each,
            arguments=secrets.masked(each.arguments),
            result=secrets.masked(each.result),
            cause=_text(secrets.masked(each.cause)),
        )
        for each in happened.attempts
    )
    return replace(happened, attempts=tuple(attempts), maps=tuple(child(run) for run in happened.maps))


def _attempts(happened: Happened) -> Iterator[Attempt]:
    yield from happened.attempts
    for run in happened.maps:
        for child in run.executions:
            yield from _attempts(child)


def _data(happened: Happened, place: int, key: str) -> Json:
    """Return the execution's own input or output, in its first or last event; None if it has no output.

    Raises:
        LanesError: The event keeps no data.
    """
    event = happened.events[place]
    text = details(event).get(key)
    if text is None and event["type"] in {"ExecutionStarted", "ExecutionSucceeded"}:
        what = f"its {event['type']} tells no {key}: an express workflow's log keeps data only if it is told to"
        raise LanesError(what, fix="lanes deploy TEAM, then a new run")
    value: Json = json.loads(str(text)) if text is not None else None
    return value


def _text(value: object) -> str | None:
    return None if value is None else str(value)
