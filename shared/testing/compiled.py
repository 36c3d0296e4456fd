"""A definition as tests run it: compiled once, each of its states asking the run that it is in for answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from shared.errors import LanesError, unknown
from shared.local.asl.machine import Machine
from shared.local.asl.retry import RecoveringState
from shared.local.asl.states.map import Map
from shared.local.asl.states.parallel import Parallel
from shared.local.asl.states.task import Task
from shared.local.asl.validation import problems_of
from shared.local.asl.validation.problems import NOT_EMULATED
from shared.testing.trial import ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shared.local.asl.state import State
    from shared.local.asl.validation.problems import Problem
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class Compiled:
    """A definition, compiled.

    Attributes:
        machine: What runs.
        states: Its states by name, at any depth: names are unique in a definition.
        express: Whether it is an express workflow's.
        lacking: What only AWS does, where no Task is asked for it when it runs: a mock must stand for it.
    """

    machine: Machine
    states: Mapping[str, State]
    express: bool
    lacking: tuple[Problem, ...] = ()

    @property
    def tasks(self) -> list[str]:
        """The names of its Task states."""
        return [name for name, state in self.states.items() if isinstance(state, Task)]

    def problems(self, mocks: Iterable[str]) -> Iterator[str]:
        """Yield why states of these names cannot be mocked, and what only AWS does that none of them stands for."""
        names = list(mocks)
        yield from (str(each) for each in self.lacking if set(names).isdisjoint(_names(each)))
        for name in names:
            state = self.states.get(name)
            if state is None:
                error = unknown("state", name, list(self.states))
                yield f"{name}: there is no such state; {error.fix}"
            elif not isinstance(state, RecoveringState):
                kind = str(state.spec["Type"])
                yield f"{name}: it is a {kind} state, which calls nothing; only a Task, a Map or a Parallel has a mock"


def compile_definition(definition: Mapping[str, Json], *, express: bool, where: str) -> Compiled:
    """Compile *definition* for tests.

    Raises:
        LanesError: Step Functions would not take it; all problems are told.
    """
    problems = problems_of(json.dumps(definition), "EXPRESS" if express else "STANDARD", here=False)
    if problems:
        what = "".join(f"\n  {problem}" for problem in problems)
        raise LanesError(f"Step Functions does not take this definition:{what}", where=where)
    machine = Machine(definition)
    states = {state.name: state for state in _all(machine)}
    for state in states.values():
        if isinstance(state, RecoveringState):
            state.mock(partial(ask, state))
    lacking = tuple(each for each in problems_of(json.dumps(definition)) if each.code == NOT_EMULATED)
    return Compiled(machine, states, express, lacking)


def _names(problem: Problem) -> list[str]:
    """Return the parts of a *problem*'s location, among them the names of the states that it is in."""
    return (problem.location or "").split("/")


def _all(machine: Machine) -> Iterator[State]:
    for state in machine.states.values():
        yield state
        inner = (state.fields.processor,) if isinstance(state, Map) else ()
        for each in state.branches if isinstance(state, Parallel) else inner:
            if isinstance(each, Machine):
                yield from _all(each)
