"""Reads a MockConfigFile.json of Step Functions Local: the mocks of each of its test cases.

AWS's developer guide, "Configuration file for mocked service integrations" (sfn-local-mock-cfg-file, 2026-11-29): a
test case names a mocked response for each mocked Task. A response says for every invocation of the Task, counted from
"0", by number or by a range that includes both ends ("1-2"), what it returns (Return) or fails with (Throw, with Error
and Cause). An invocation that has no response fails the execution.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.config.json_document import read_json
from shared.config.problems import Problems, nearest
from shared.errors import UsageError, unknown
from shared.local.asl.answers import Raised, Returned
from shared.testing.mocks import NoAnswerError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from shared.config.document import Document, KeyPath
    from shared.testing.mocks import Asked

_INVOCATIONS = re.compile(r"(\d+)(?:-(\d+))?")
_MACHINES, _RESPONSES, _CASES = "StateMachines", "MockedResponses", "TestCases"
_MOST = 10_000  # invocations of a response; a range is written fast, and an execution's history has room for fewer


@dataclass(frozen=True, slots=True)
class Responses:
    """A mocked response, as a mock: an answer for each invocation of the state in a run. Not all need be used."""

    name: str
    answers: tuple[Returned | Raised, ...]

    def answer(self, asked: Asked) -> Returned | Raised:
        """Return the answer to this call."""
        if asked.number > len(self.answers):
            count = len(self.answers)
            raise NoAnswerError(
                f"its mocked response {self.name!r} has {count} invocations; this is call {asked.number}"
            )
        return self.answers[asked.number - 1]

    def left(self, _calls: Sequence[Asked]) -> Iterable[str]:
        """Yield nothing: Step Functions Local does not ask for it."""
        return ()


class Cases(dict[str, "Mapping[str, Responses]"]):
    """The mocks of each test case, by the case's name and the state's."""

    def __missing__(self, case: str) -> Mapping[str, Responses]:
        raise unknown("test case", case, list(self))


def read_mock_config(path: Path, machines: Collection[str], tasks: Collection[str]) -> Cases:
    """Return the mocks of each test case in the file at *path*.

    Args:
        path: The file.
        machines: What the state machine may be called there. The only machine of a file is meant whatever its name.
        tasks: The names of the machine's Task states.

    Raises:
        UsageError: There is no such file, or it has several machines and none of these names.
        ConfigError: Lists everything that is wrong in the file, with line and path.
    """
    problems = Problems()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"it cannot be read: {error}", where=str(path)) from error
    document = read_json(text, path.name, problems)
    cases = _Reader(document, tasks).cases(machines) if document else Cases()
    problems.finish()
    return cases


class _Reader:
    """Reads one *document*; what is wrong in it becomes its problems. *tasks* are those of the machine meant."""

    def __init__(self, document: Document, tasks: Collection[str]) -> None:
        self._document, self._tasks = document, tasks
        self._responses: dict[str, Responses] = {}

    def cases(self, names: Collection[str]) -> Cases:
        """Return the cases of the machine that has one of *names*; all of the file is checked."""
        whole = self._object((), self._document.data, (_MACHINES, _RESPONSES))
        for name in (_MACHINES, _RESPONSES):
            if name not in whole:
                self._document.problem((), f"it has no {name}")
        for name, given in self._object((_RESPONSES,), whole.get(_RESPONSES, {})).items():
            self._responses[name] = Responses(name, self._answers((_RESPONSES, name), given))
        machines = self._object((_MACHINES,), whole.get(_MACHINES, {}))
        meant = next((name for name in machines if name in names or len(machines) == 1), None)
        if machines and meant is None:
            listed = ", ".join(sorted(machines))
            fix = f"call one of them {' or '.join(sorted(names))}"
            raise UsageError(f"it has the state machines {listed}, and this one is none of them", fix=fix)
        read: dict[str | None, Cases] = {}
        for name, machine in machines.items():
            here = (_MACHINES, name)
            cases = self._object((*here, _CASES), self._object(here, machine, (_CASES,)).get(_CASES, {}))
            read[name] = Cases((case, self._case((*here, _CASES, case), states)) for case, states in cases.items())
            for case in cases if name == meant else ():
                self._check_states((*here, _CASES, case), read[name][case])
        return read.get(meant, Cases())

    def _case(self, path: KeyPath, states: object) -> Mapping[str, Responses]:
        return {state: self._named((*path, state), given) for state, given in self._object(path, states).items()}

    def _check_states(self, path: KeyPath, states: Collection[str]) -> None:
        for state in states:
            if state not in self._tasks:
                what = f"{state!r} is no Task of this state machine"
                self._document.problem((*path, state), what, nearest(state, self._tasks))

    def _named(self, path: KeyPath, response: object) -> Responses:
        """Return the *response* that a case names at *path*."""
        if not isinstance(response, str):
            self._document.problem(path, "this is no name of a mocked response")
        elif response not in self._responses:
            self._document.problem(
                path, f"there is no mocked response {response!r}", nearest(response, self._responses)
            )
        else:
            return self._responses[response]
        return Responses("", ())

    def _answers(self, path: KeyPath, response: object) -> tuple[Returned | Raised, ...]:
        """Return the answers of a *response*, each once for every invocation that it is for."""
        ranges: list[tuple[int, int, str, Returned | Raised]] = []
        for key, given in self._object(path, response).items():
            match = _INVOCATIONS.fullmatch(key)
            first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
            answer = self._answer((*path, key), given)
            if match is None or last < first or last >= _MOST:
                fix = f'write the invocation, "0", or a range of them, "1-2"; at most {_MOST:,}'
                self._document.problem((*path, key), f"{key!r} is no number of an invocation", fix)
            else:
                ranges.append((first, last, key, answer))
        if not ranges:
            self._document.problem(path, "it has no response", 'write one for each invocation, from "0" on')
        answers: list[Returned | Raised] = []
        for first, last, key, answer in sorted(ranges, key=lambda each: each[:2]):
            if first > len(answers):
                missing = f"{len(answers)}" if first == len(answers) + 1 else f"{len(answers)}-{first - 1}"
                self._document.problem((*path, key), f"no response for invocation {missing} before this")
            elif first < len(answers):
                self._document.problem((*path, key), f"invocation {first} has a response already")
            answers += [answer] * (last + 1 - len(answers))
        return tuple(answers)

    def _answer(self, path: KeyPath, given: object) -> Returned | Raised:
        what = self._object(path, given, ("Return", "Throw"))
        if isinstance(given, dict) and len(given) != 1:
            self._document.problem(path, "a response is one of Return and Throw")
        if "Throw" not in what:
            return Returned(what.get("Return"))  # type: ignore[arg-type]  # JSON, as it was read
        here = (*path, "Throw")
        thrown = self._object(here, what["Throw"], ("Error", "Cause"))
        for name in ("Error", "Cause"):
            if isinstance(what["Throw"], dict) and not isinstance(thrown.get(name), str):
                self._document.problem((*here, name), f"Throw has no {name} that is a text")
        return Raised(str(thrown.get("Error")), str(thrown.get("Cause")))

    def _object(self, path: KeyPath, value: object, known: Collection[str] = ()) -> Mapping[str, object]:
        """Return *value*, which must be an object, with *known* keys only if there are any; else an empty one."""
        if not isinstance(value, dict):
            self._document.problem(path, "this is not a JSON object")
            return {}
        for key in value:
            if known and key not in known:
                self._document.problem((*path, key), f"unknown key {key!r}", nearest(key, known))
        return value
