"""The deploy record of a lane: who deployed what and when, as one small SSM parameter for each who may deploy.

The platform's deploys write ``/teamlanes/STAGE/TEAM/platform``, those of the team's people ``.../deployer``. It is
written before anything changes, and again when all is done. So a deploy that stopped midway is seen to be unfinished.
SSM keeps the last hundred versions of a parameter, with their times: that is the lane's history.

A record is a claim of whoever may write it. A deploy never believes it and compares everything. A plan of many teams
does, and ``lanes run`` in a rehearsal: they read one record where a comparison reads forty resources.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from shared.config.naming import record_folder
from shared.deploy.caller import is_deployer
from shared.deploy.guard import lane_tags
from shared.deploy.model import Call, Digests, Resource, Step
from shared.deploy.revision import Revision, read_revision
from shared.deploy.steps import removed
from shared.deploy.tags import tag_pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from shared.aws.client import Aws
    from shared.config.lane import Lane, Place
    from shared.deploy.model import Plan
    from shared.values import Json

    Clock = Callable[[], datetime]

Writer = Literal["platform", "deployer"]

KIND = "deploy record"
SERVICE = "ssm"
WRITERS: tuple[Writer, ...] = ("platform", "deployer")
_FORMAT = 1
_DIGITS = 8
# A parameter of the standard tier holds 4 KB (Systems Manager quotas, read 2026-11-30). The rest of a record takes less
# than a fifth of that.
_MOST_DIGESTS = 380


@dataclass(frozen=True, slots=True)
class Record:
    """What one deploy says of itself.

    Attributes:
        wanted: The digest of all that it made or found.
        begun: When it began, in UTC.
        by: The ARN of its caller; "" is the embedded cloud's owner.
        revision: What the checkout was; None without git.
        steps: How many steps it had, by their action.
        complete: Whether all was done.
        each: The digests of the single resources; empty where there are too many of them.
    """

    wanted: str
    begun: datetime
    by: str
    revision: Revision | None
    steps: Mapping[str, int]
    complete: bool
    each: frozenset[str] = frozenset()

    def text(self) -> str:
        """Return it as the parameter's value."""
        told = {
            "format": _FORMAT,
            "wanted": self.wanted,
            "begun": self.begun.isoformat(),
            "by": self.by,
            "revision": asdict(self.revision) if self.revision else None,
            "steps": dict(self.steps),
            "complete": self.complete,
            "each": "".join(sorted(self.each)) if len(self.each) <= _MOST_DIGESTS else "",
        }
        return json.dumps(told, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Records:
    """The records of one lane, those that can be read.

    Attributes:
        by_writer: By who wrote them.
        unread: Whose hold something else: another format, or no record at all.
        written: By who wrote them: when that was last, which is the end of a deploy that was finished.
    """

    by_writer: Mapping[Writer, Record] = field(default_factory=dict)
    unread: tuple[Writer, ...] = ()
    written: Mapping[Writer, datetime] = field(default_factory=dict)

    @property
    def newest(self) -> Record | None:
        """The one of the last deploy; None if there is none."""
        return max(self.by_writer.values(), key=lambda each: each.begun, default=None)

    @property
    def newest_written(self) -> datetime | None:
        """When that of the last deploy was written; None if there is none."""
        newest = self.newest
        return next((self.written.get(writer) for writer, each in self.by_writer.items() if each is newest), None)

    def agree_with(self, digests: Digests) -> bool:
        """Whether the last deploy finished and made what *digests* are of.

        No other may be unfinished, even an older one: nobody knows what it left.
        """
        newest = self.newest
        done = not self.unread and all(each.complete for each in self.by_writer.values())
        return newest is not None and done and newest.wanted == digests.whole


def digest_wanted(wanted: Iterable[Resource]) -> Digests:
    """Return the digests of all that a lane wants."""
    texts = [_text_of(each) for each in wanted]
    each = frozenset(hashlib.sha256(text).hexdigest()[:_DIGITS] for text in texts)
    return Digests(hashlib.sha256(b"\0".join(texts)).hexdigest(), each)


def digest_one(wanted: Resource) -> str:
    """Return the digest of one resource, as in :attr:`Digests.each`."""
    return hashlib.sha256(_text_of(wanted)).hexdigest()[:_DIGITS]


def _text_of(wanted: Resource) -> bytes:
    told = [wanted.kind, wanted.name, dict(wanted.tags), dict(wanted.properties)]
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()


def read_record(text: str) -> Record | None:
    """Return the record that a parameter's value is; None where it is none, or one of another format."""
    try:
        told = json.loads(text)
        if told["format"] != _FORMAT:
            return None
        revision, each = told["revision"], str(told["each"])
        return Record(
            wanted=str(told["wanted"]),
            begun=datetime.fromisoformat(told["begun"]).astimezone(UTC),
            by=str(told["by"]),
            revision=Revision(str(revision["commit"]), changed=bool(revision["changed"])) if revision else None,
            steps={str(action): int(count) for action, count in told["steps"].items()},
            complete=told["complete"] is True,
            each=frozenset(each[i : i + _DIGITS] for i in range(0, len(each), _DIGITS)),
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None


def record_name(lane: Lane, writer: Writer) -> str:
    """Return the name of the parameter that *writer* writes for *lane*."""
    return f"{record_folder(lane.place.stage, lane.team)}{writer}"


def read_records(lane: Lane, aws: Aws) -> Records:
    """Return the records of *lane*, by one request."""
    names = [record_name(lane, writer) for writer in WRITERS]
    found = aws.client(SERVICE).get_parameters(Names=names)["Parameters"]
    return _records({each["Name"].rpartition("/")[2]: each for each in found})


def read_all_records(place: Place, aws: Aws) -> dict[str, Records]:
    """Return the records of every team of *place*'s stage by its slug, ten parameters a request."""
    folder = record_folder(place.stage)
    pages = aws.client(SERVICE).get_paginator("get_parameters_by_path").paginate(Path=folder, Recursive=True)
    told: dict[str, dict[str, Any]] = {}
    for each in (each for page in pages for each in page["Parameters"]):
        team, _, writer = each["Name"].removeprefix(folder).partition("/")
        told.setdefault(team, {})[writer] = each
    return {team: _records(values) for team, values in told.items()}


def _records(parameters: Mapping[str, Mapping[str, Any]]) -> Records:
    read = {writer: read_record(parameters[writer]["Value"]) for writer in WRITERS if writer in parameters}
    return Records(
        {writer: record for writer, record in read.items() if record},
        tuple(writer for writer, record in read.items() if record is None),
        {writer: parameters[writer]["LastModifiedDate"] for writer in read},
    )


def with_record(todo: Plan, lane: Lane, root: Path, aws: Aws, clock: Clock = lambda: datetime.now(UTC)) -> Plan:
    """Return *todo* with the steps around it that write down that it is carried out, and then that it was.

    A plan that changes nothing is written down once, where the record says otherwise or there is none.

    Args:
        todo: A plan of a deploy; it has the digests of what is wanted.
        lane: Whose it is.
        root: The project's folder, whose revision is noted.
        aws: Where. The records are read, by one request.
        clock: Tells the time.
    """
    if todo.digests is None:
        raise TypeError("the plan of a removal is not recorded")
    writer: Writer = "deployer" if is_deployer(lane, aws) else "platform"
    before = read_records(lane, aws)
    mine = before.by_writer.get(writer)
    if not todo.changes and mine and mine == before.newest and mine.complete and mine.wanted == todo.digests.whole:
        return todo
    actions = [step.action for step in todo.steps]
    steps = {str(action): actions.count(action) for action in dict.fromkeys(actions)}
    revision, each = read_revision(root), todo.digests.each
    told = Record(todo.digests.whole, clock(), aws.caller, revision, steps, complete=False, each=each)
    known = mine is not None or writer in before.unread
    first = (_written(lane, writer, told, known=known, tagged=False),) if todo.changes else ()
    done = replace(told, complete=True)
    last = _written(lane, writer, done, known=known or bool(first), tagged=bool(first))
    return replace(todo, steps=(*first, *todo.steps, last))


def _written(lane: Lane, writer: Writer, told: Record, *, known: bool, tagged: bool) -> Step:
    """Return the step that writes *told*; *known* says that the parameter is there, *tagged* that its tags are, too.

    It always overwrites: a call whose answer was lost is made again, and makes one version more. The API takes no tags
    with that, so a deploy that was killed in between left none, and the next one puts them.
    """
    name = record_name(lane, writer)
    put = Call(SERVICE, "put_parameter", {"Name": name, "Type": "String", "Value": told.text(), "Overwrite": True})
    on: dict[str, Json] = {"ResourceType": "Parameter", "ResourceId": name, "Tags": tag_pairs(lane_tags(lane))}
    tag = () if tagged else (Call(SERVICE, "add_tags_to_resource", on),)
    return Step("update" if known else "create", KIND, name, calls=(put, *tag))


def current(aws: Aws, name: str) -> Resource | None:
    """Return the record called *name* as a resource, or None. Its tags are not read: its name says whose it is."""
    found = aws.client(SERVICE).get_parameters(Names=[name])["Parameters"]
    told: dict[str, Json] = {"value": found[0]["Value"]} if found else {}
    return Resource(KIND, name, {}, told) if found else None


def remove(have: Resource) -> Step:
    """Return what removes a record, with all its versions."""
    return removed(have, Call(SERVICE, "delete_parameter", {"Name": have.name}))


def removals(lane: Lane, aws: Aws) -> list[Step]:
    """Return the steps that remove the records of *lane*, those that are there."""
    found = (current(aws, record_name(lane, writer)) for writer in WRITERS)
    return [remove(each) for each in found if each]
