"""What a state machine uses, found state by state, and put under names of the card's own.

Each found thing becomes a placeholder where it stood. What a lane does not do is a problem with the line it stands on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from shared.config.check_card import PARAMETER_KEY
from shared.config.document import texts_in
from shared.scaffold.calls import (
    ACTIVITY,
    NAMED,
    NESTED,
    NO_FIFO,
    NO_TOKENS,
    OBJECTS,
    ORDERED,
    instead,
    read_resource,
    reviewed,
)
from shared.scaffold.keys import Keys, base_name
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, MutableMapping

    from shared.config.document import Document, KeyPath
    from shared.config.lane import Lane
    from shared.scaffold.calls import Kind
    from shared.values import Json

    State = MutableMapping[str, Json]

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_FUNCTION = re.compile(r"arn:[^:]+:lambda:[^:]*:[^:]*:function:(?P<name>[^:]+)(?::(?P<qualifier>.+))?")
_NUMBER = re.compile(r"Numeric\w+|\w*Seconds|Max\w+|Tolerated\w+|BackoffRate")  # fields that hold one
_TYPES = {"N": ":number", "B": ":binary"}
_SHARED_DATA = "the settings name it under commons: in shared/settings.yaml"


@dataclass(slots=True)
class Table:
    """The keys of a table, as calls let one guess them. ``sure`` is whether a call spells its whole key out."""

    keys: tuple[str, ...] = ()
    sure: bool = False
    by: str = ""


@dataclass(slots=True)
class Found:
    """What was found, by the card's key of each.

    Attributes:
        keys: The card's keys of functions, tables, queues, topics and settings.
        tables: What is known of each table.
        buckets: The keys of further buckets; empty when all is in the team's own.
        commons: Shared data that is read.
        services: Reviewed actions that states call.
        workflows: The team's workflows that states start.
        parameters: Other placeholders of the definition, each with a value that may stand there.
        notes: What to look at.
    """

    keys: Keys
    tables: dict[str, Table] = field(default_factory=dict)
    buckets: dict[str, str] = field(default_factory=dict)
    commons: set[str] = field(default_factory=set)
    services: set[str] = field(default_factory=set)
    workflows: set[str] = field(default_factory=set)
    parameters: dict[str, Json] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class Finder:
    """Goes through a definition once, replaces what it finds, and reports what a lane does not do.

    Args:
        lane: Of the team that the workflow is for.
        commons: The shared data that the team may read.
        document: The source, for lines.
        reserved: Names that nothing found may have.
    """

    def __init__(self, lane: Lane, commons: Collection[str], document: Document, reserved: Collection[str]) -> None:
        self._lane, self._commons, self._document = lane, commons, document
        self.found = Found(Keys(reserved))
        self._own: set[str] = set()  # placeholders of ours
        self._named_by: dict[str, str] = {}  # the placeholder of ours in place of each that was there
        self._places: list[tuple[State, str, str, KeyPath]] = []  # each bucket: its arguments, name, access and path

    def go_through(self, definition: State) -> Found:
        """Return what *definition* uses; it then has placeholders of the card."""
        for state, path in _states(definition, ()):
            if "Credentials" in state:
                self._refuse(path, "Credentials: it takes a role of its own", "a state acts as the lane's role")
            if state.get("Type") == "Task":
                self._task(state, path)
            for part in ("ItemReader", "ResultWriter"):
                if isinstance(inner := state.get(part), dict) and "Resource" in inner:
                    self._objects(inner, "write" if part == "ResultWriter" else "read", (*path, part))
        self._settle_buckets()
        for (_, value), key in self.found.keys.items():
            if _PLACEHOLDER.fullmatch(value):
                self._named_by[value] = f"${{{key}}}"
        _replace(definition, self._named_by)
        self._rest(definition)
        return self.found

    def _refuse(self, path: KeyPath, what: str, fix: str) -> None:
        names = [str(part) for before, part in pairwise(path) if before == "States"]
        self._document.problem(path, f"state {names[-1]!r}: {what}" if names else what, fix)

    def _task(self, state: State, path: KeyPath) -> None:
        resource = state.get("Resource")
        if not isinstance(resource, str):
            self._refuse(path, "its Resource is no text", "write an ARN or a placeholder")
            return
        call = read_resource(resource)
        if ":activity:" in resource:
            self._refuse(path, "it waits for an activity's worker", ACTIVITY)
        elif call is None:
            self._plain(state, resource, path)
        elif call.pattern == ".waitForTaskToken":
            self._refuse(path, f"{call.api} waits for a task token", NO_TOKENS)
        elif call.api in NAMED:
            self._named(state, *NAMED[call.api], path)
        elif call.api in OBJECTS:
            self._objects(state, OBJECTS[call.api], path)
        elif call.api in NESTED:
            self._nested(state, path)
        elif action := reviewed(call.api):
            self.found.services.add(action)
        else:
            self._refuse(path, f"{call.api}{call.pattern} is not what a lane calls", instead(call.api))

    def _plain(self, state: State, resource: str, path: KeyPath) -> None:
        """Take a Resource that is a function itself."""
        if _FUNCTION.fullmatch(resource) or _PLACEHOLDER.fullmatch(resource):
            state["Resource"] = self._own_name("functions", resource, path)
        else:
            self._refuse(path, f"the Resource {resource!r} is no function", "write its ARN, or a placeholder")

    def _named(self, state: State, kind: Kind, argument: str, path: KeyPath) -> None:
        arguments = _arguments(state)
        value = arguments.get(argument)
        if not isinstance(value, str) or value.startswith("{%"):
            self._refuse(path, f"{argument} is computed when the state runs", f"write which of the {kind} it is")
            return
        ordered = sorted({name.removesuffix(".$") for name in arguments} & ORDERED)
        if kind in {"queues", "topics"} and (value.endswith(".fifo") or ordered):
            said = ", ".join(ordered) or value
            self._refuse(
                path, f"{said}: the {kind.removesuffix('s')} is a FIFO one, and a lane's are standard", NO_FIFO
            )
            return
        arguments[argument] = self._own_name(kind, value, path)
        if kind == "tables":
            key = self.found.keys.key("tables", value)
            self._guess_key(key, arguments, path)
            if "IndexName" in arguments:
                self.found.notes.append(
                    f"{path[-1]}: it asks the index {arguments['IndexName']}, whose key nothing tells: declare it on "
                    f"the card, tables: {{{key}: {{indexes: ...}}}}"
                )

    def _own_name(self, kind: Kind, value: str, path: KeyPath) -> str:
        match = _FUNCTION.fullmatch(value)
        if match and match["qualifier"] not in {None, "$LATEST"}:
            self.found.notes.append(f"{path[-1]}: {value} names a version or an alias, and a lane has only the newest")
        key = self.found.keys.key(kind, match["name"] if match else value)
        self._own.add(key)
        return f"${{{key}}}"

    def _guess_key(self, key: str, arguments: State, path: KeyPath) -> None:
        table = self.found.tables.setdefault(key, Table())
        spelt = arguments.get("Key")
        given = spelt or arguments.get("Item")
        if table.sure or not isinstance(given, dict):
            return
        names = [name.removesuffix(".$") for name in given]
        if spelt is None:  # an item begins with its key more often than not
            named = [name for name in names if re.fullmatch(r"(?i)(pk|.*_?id|key|name)", name)]
            names = (named or names)[:1]
        types = {name.removesuffix(".$"): _type(value) for name, value in given.items()}
        self.found.tables[key] = Table(
            tuple(f"{name}{types[name]}" for name in names[:2]), spelt is not None, str(path[-1])
        )

    def _objects(self, state: State, access: str, path: KeyPath) -> None:
        arguments = _arguments(state)
        value = arguments.pop("Bucket.$", None) or arguments.get("Bucket")
        if not isinstance(value, str) or value.startswith(("{%", "$.", "$$.", "States.")):
            arguments["Bucket"] = "${bucket}"
            if value is not None:
                self.found.notes.append(f"{path[-1]}: the bucket was {value}, and is the team's own now")
        else:
            self._places.append((arguments, value, access, path))

    def _settle_buckets(self) -> None:
        """Make buckets that placeholders name the team's own, if there is one; of several, further buckets."""
        found, names = self.found, list(dict.fromkeys(value for _, value, _, _ in self._places))
        written = {value for _, value, access, _ in self._places if access == "write"}
        own = [name for name in names if _PLACEHOLDER.search(name) or name in written]
        for arguments, value, _, path in self._places:
            if value in self._commons:
                found.commons.add(value)
            elif value not in own:
                what = f"the bucket {value} is read, and is no team's"
                fix = f"{_SHARED_DATA} if teams shall read it; write ${{Bucket}} for the team's own"
                self._refuse(path, what, fix)
            elif len(own) == 1:
                arguments["Bucket"] = self._named_by[value] = "${bucket}"
            else:
                found.buckets[value] = found.keys.key("buckets", value)
                arguments["Bucket"] = f"${{{found.buckets[value]}}}"
                self._own.add(found.buckets[value])

    def _nested(self, state: State, path: KeyPath) -> None:
        arguments = _arguments(state)
        value = arguments.get("StateMachineArn")
        if not isinstance(value, str) or value.startswith("{%"):
            self._refuse(path, "StateMachineArn is computed when the state runs", "write which machine it is")
            return
        name = base_name(value)
        if name in self._lane.workflows:
            arguments["StateMachineArn"] = f"${{{name}}}"
            self.found.workflows.add(name)
            self._own.add(name)
        elif value in {"${state_machine}", "$$.StateMachine.Id"}:
            arguments["StateMachineArn"] = "${state_machine}"
        else:
            fix = f"lanes workflow new {self._lane.team} {name} --from its definition, then this one"
            self._refuse(path, f"it starts {value}, and the team has no workflow {name}", fix)

    def _rest(self, definition: State) -> None:
        """Make placeholders that are left parameters."""
        known = {*self._own, "bucket", "state_machine"}
        for path, text in texts_in(definition):
            for match in (found for part in path if (found := _PLACEHOLDER.search(str(part)))):
                self._refuse(path, f"{match[0]} stands in a key, where nothing is filled in", "write the key out")
            for match in _PLACEHOLDER.finditer(text):
                if match[1] in known:
                    continue
                if re.fullmatch(PARAMETER_KEY, match[1]):
                    number = _NUMBER.fullmatch(str(path[-1])) and match[0] == text
                    self.found.parameters.setdefault(match[1], 1 if number else "")
                else:
                    fix = "write a name of letters, digits, _ and -, or the value itself"
                    self._refuse(path, f"{match[0]} can be no parameter of a card", fix)


def _arguments(state: State) -> State:
    key = "Arguments" if "Arguments" in state else "Parameters"
    arguments = state.setdefault(key, {})
    return arguments if isinstance(arguments, dict) else {}


def _replace(value: Json, by: Mapping[str, str]) -> None:
    """Replace placeholders wherever else they stand: in what functions are given, above all."""
    places = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for place, item in places:
        if isinstance(item, str):
            value[place] = _PLACEHOLDER.sub(lambda match: by.get(match[0], match[0]), item)  # type: ignore[index]  # one of the two above
        else:
            _replace(item, by)


def _type(value: Json) -> str:
    if not isinstance(value, dict):
        return ""
    return next((_TYPES.get(kind.removesuffix(".$"), "") for kind in as_mapping(value)), "")


def _states(machine: Json, path: KeyPath) -> Iterator[tuple[State, KeyPath]]:
    """Yield every state of *machine* and of the machines in it, with its path."""
    states = machine.get("States") if isinstance(machine, dict) else None
    for name, state in states.items() if isinstance(states, dict) else ():
        if not isinstance(state, dict):
            continue
        here: KeyPath = (*path, "States", name)
        yield state, here
        for part in ("ItemProcessor", "Iterator"):
            yield from _states(state.get(part), (*here, part))
        branches = state.get("Branches")
        for place, branch in enumerate(branches if isinstance(branches, list) else ()):
            yield from _states(branch, (*here, "Branches", place))
