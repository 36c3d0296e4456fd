"""A run that has happened, as a file beside a test: what it was given, what each of its calls was answered, what came.

The file is JSON for people, too. Names of the account are placeholders in it
(:mod:`shared.testing.recorded.own_names`)::

    {"status": "SUCCEEDED", "input": {...}, "output": {...}, "path": ["Split", "Pieces", "Count", "Merge"],
     "calls": [{"state": "Count", "items": {"Pieces": 0}, "after": 0.21, "raises": "Flaky", "cause": "again"},
               {"state": "Count", "items": {"Pieces": 0}, "after": 0.2, "returns": {"Payload": 3}}],
     "objects": {"s3://${lane.bucket}/runs/${lane.run}/draws.json": "[...]"}}

``after`` is how long a call took, in seconds; ``never`` stands for one that did not end. ``objects`` are those that the
readers of distributed Maps read, ``listings`` what they listed.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.errors import LanesError
from shared.local.asl.answers import Raised, Returned, Silent
from shared.run.places import Item
from shared.testing.mocks import NoAnswerError
from shared.testing.recorded.made_anew import with_placeholders
from shared.values import as_list, as_mapping, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from shared.local.asl.answers import Answer
    from shared.testing.mocks import Asked
    from shared.testing.recorded.own_names import OwnNames
    from shared.values import Json

MOST_BYTES = 5_000_000
"""The biggest file: one that a repository keeps, and a review shows."""
_TOLD = 3


@dataclass(frozen=True, slots=True)
class Call:
    """A call that a state made in map iterations, outermost first, and what answered it."""

    state: str
    items: tuple[Item, ...]
    answer: Returned | Raised | Silent


@dataclass(frozen=True, slots=True)
class Recording:
    """A run.

    Attributes:
        status: SUCCEEDED, FAILED or TIMED_OUT.
        input: The execution's input.
        output: Its output; None unless it succeeded.
        error: The error's name; None unless it failed.
        cause: What the error says.
        path: The states that it went through.
        calls: Its calls, those of one state and item in their order.
        objects: The texts of the objects in S3 that its readers read, by ``s3://BUCKET/KEY``.
        listings: The entries of what its readers listed, by ``s3://BUCKET/PREFIX``.
    """

    status: str
    input: Json
    output: Json
    error: str | None
    cause: str | None
    path: list[str]
    calls: tuple[Call, ...]
    objects: Mapping[str, str]
    listings: Mapping[str, Sequence[Mapping[str, Json]]]

    def mocks(self) -> dict[str, RecordedCalls]:
        """Return what answers each state as it was answered."""
        by_state: dict[str, dict[tuple[Item, ...], tuple[Answer, ...]]] = {}
        for call in self.calls:
            mine = by_state.setdefault(call.state, {})
            mine[call.items] = (*mine.get(call.items, ()), call.answer)
        return {state: RecordedCalls(answers) for state, answers in by_state.items()}


@dataclass(frozen=True, slots=True)
class RecordedCalls:
    """The recorded answers to the calls of one state, in the map iterations that they were made in: a mock."""

    by_items: Mapping[tuple[Item, ...], tuple[Answer, ...]]

    def answer(self, asked: Asked) -> Answer:
        """Return what this call was answered."""
        answers = self.by_items.get(asked.items, ())
        if asked.item_number > len(answers):
            where = _spelt(asked.items)
            raise NoAnswerError(f"the recording has {len(answers)} calls{where}, and this is call {asked.item_number}")
        return answers[asked.item_number - 1]

    def left(self, calls: Sequence[Asked]) -> Iterator[str]:
        """Yield the items of which not all recorded calls were made."""
        for items, answers in self.by_items.items():
            made = sum(call.items == items for call in calls)
            if made < len(answers):
                yield f"the recording has {len(answers)} calls{_spelt(items)}, and {made} were made"


def _spelt(items: tuple[Item, ...]) -> str:
    return f" in {', '.join(f'item {each.index} of {each.map}' for each in items)}" if items else ""


def as_text_of(recording: Recording, names: OwnNames) -> str:
    """Return the file's text of *recording*, with placeholders for *names*.

    Raises:
        LanesError: It is too big, or its data holds what looks like a placeholder.
    """
    failed = {"error": recording.error, "cause": recording.cause}
    data: dict[str, Json] = {
        "status": recording.status,
        "input": recording.input,
        **({"output": None} if recording.status == "SUCCEEDED" else failed),
        "path": recording.path,
        "calls": [_call_data(call) for call in recording.calls],
        **({"objects": recording.objects} if recording.objects else {}),
        **({"listings": recording.listings} if recording.listings else {}),
    }
    hidden = dict(as_mapping(names.hidden(data)))
    if recording.status == "SUCCEEDED":
        known = json.dumps([hidden[name] for name in ("input", "calls")]) + json.dumps(hidden.get("objects"))
        hidden["output"] = with_placeholders(names.hidden(recording.output), known)
    text = json.dumps(hidden, indent=2, ensure_ascii=False) + "\n"
    if (size := len(text.encode())) > MOST_BYTES:
        raise _too_big(recording, size)
    return text


def _too_big(recording: Recording, size: int) -> LanesError:
    """Return what to tell of a *recording* whose text has a *size* that nobody keeps."""
    sizes: Counter[str] = Counter({name: len(body) for name, body in recording.objects.items()})
    for call in recording.calls:
        sizes[f"state {call.state!r}"] += len(json.dumps(_call_data(call)))
    biggest = ", ".join(f"{name} {count / 1e6:.1f} MB" for name, count in sizes.most_common(_TOLD))
    what = f"the recording takes {size / 1e6:.1f} MB, and a test keeps {MOST_BYTES / 1e6:.0f} MB at most: {biggest}"
    return LanesError(what, fix="record a run with fewer items, or one whose states pass less data")


def read_recording(path: Path, names: OwnNames) -> Recording:
    """Return the recording in the file at *path*, with *names* for placeholders.

    Raises:
        LanesError: There is no such file, it is none, or it names what the lane has not.
    """
    try:
        return parse_recording(path.read_text(encoding="utf-8"), names)
    except OSError as error:
        raise LanesError(f"{error.strerror}", where=str(path), fix="lanes test TEAM WORKFLOW --record RUN") from error
    except (ValueError, TypeError, KeyError) as error:
        raise LanesError(f"this is no recording: {error!r}", where=str(path), fix="record the run again") from error


def parse_recording(text: str, names: OwnNames) -> Recording:
    """Return the recording that is the *text* of a file, with *names* for placeholders.

    Raises:
        ValueError: It is no JSON.
        TypeError: It is no recording.
        KeyError: It lacks a part.
        LanesError: It names what the lane has not.
    """
    data = as_mapping(names.shown(json.loads(text)))
    listings = as_mapping(data.get("listings", {}))
    return Recording(
        as_text(data["status"]),
        data["input"],
        data.get("output"),
        _text_or_none(data.get("error")),
        _text_or_none(data.get("cause")),
        [as_text(name) for name in as_list(data["path"])],
        tuple(_call(as_mapping(call)) for call in as_list(data["calls"])),
        {name: as_text(body) for name, body in as_mapping(data.get("objects", {})).items()},
        {name: [as_mapping(each) for each in as_list(entries)] for name, entries in listings.items()},
    )


def _call_data(call: Call) -> dict[str, Json]:
    data: dict[str, Json] = {"state": call.state}
    if call.items:
        data["items"] = {item.map: item.index for item in call.items}
    match call.answer:
        case Returned(value, after):
            return {**data, "after": after, "returns": value}
        case Raised(error, cause, after):
            return {**data, "after": after, "raises": error, "cause": cause}
        case _:
            return {**data, "never": True}


def _call(data: Mapping[str, Json]) -> Call:
    items = [Item(name, _number(index)) for name, index in as_mapping(data.get("items", {})).items()]
    answer: Returned | Raised | Silent
    if data.get("never"):
        answer = Silent()
    elif "returns" in data:
        answer = Returned(data["returns"], float(_number(data["after"])))
    else:
        error, cause = _text_or_none(data["raises"]), _text_or_none(data.get("cause"))
        answer = Raised(error, cause, float(_number(data["after"])))
    return Call(as_text(data["state"]), tuple(items), answer)


def _text_or_none(value: Json) -> str | None:
    return None if value is None else as_text(value)


def _number(value: Json) -> int:
    if isinstance(value, int | float):
        return value  # type: ignore[return-value]  # an index is written as one
    raise TypeError(f"{value!r} is no number")
