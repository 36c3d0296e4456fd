"""The files of a workflow that was brought in, as texts."""

from __future__ import annotations

import json
import pprint
from typing import TYPE_CHECKING

from shared.scaffold.keys import function_name
from shared.scaffold.new_folder import SCHEMA
from shared.scaffold.steps import told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shared.scaffold.found import Found
    from shared.scaffold.shape import Shape
    from shared.scaffold.steps import Steps
    from shared.values import Json

_WIDTH = 110
_ACCESS = {"tables": "readwrite", "buckets": "readwrite", "queues": "send", "topics": "", "settings": ""}
_HANDED = "it is told their names"


def card_text(about: str, file: str, found: Found, steps: Steps, needed: Shape) -> str:
    """Return the card: what was *found*, its *steps*, and the parameters that the input is *needed* to hold."""
    parts = [
        f"{SCHEMA}# Brought in from {file}. What is marked look: is a guess.\ndescription: {json.dumps(about)}\n",
        _block("functions", _functions(found, steps)),
        _block("tables", _tables(found)),
        _block("queues", (f"{key}: {{}}" for key in found.keys.of("queues"))),
        _block("topics", (f"{key}: {{}}" for key in found.keys.of("topics"))),
        _block("buckets", (f"{key}: {{}}" for key in found.keys.of("buckets"))),
        _block("settings", (f'{key}: {{value: "-"}}  # look: its value' for key in found.keys.of("settings"))),
        _block("uses", _uses(found)),
        _block("parameters", _parameters(found, needed)),
    ]
    return "\n".join(part for part in parts if part)


def _block(name: str, lines: Iterable[str]) -> str:
    listed = [f"  {line}\n" for line in lines]
    return f"{name}:\n{''.join(listed)}" if listed else ""


def _functions(found: Found, steps: Steps) -> Iterator[str]:
    for key, step in steps.by_key.items():
        uses = _handed(found, json.dumps(step.calls))
        told_uses = f", uses: {{bucket: readwrite, {', '.join(uses)}}}}}  # look: {_HANDED}" if uses else "}"
        yield f"{key}: {{handler: steps.{function_name(key)}{told_uses}"


def _handed(found: Found, given: str) -> list[str]:
    """Return what a function shall be able to use, since its name is handed to it."""
    uses = []
    for kind, access in _ACCESS.items():
        keys = [key for key in found.keys.of(kind) if f"${{{key}}}" in given]
        if keys and access:
            uses.append(f"{kind}: {{{', '.join(f'{key}: {access}' for key in keys)}}}")
        elif keys:
            uses.append(f"{kind}: [{', '.join(keys)}]")
    return uses


def _tables(found: Found) -> Iterator[str]:
    for key in found.keys.of("tables"):
        table = found.tables[key]
        first, *rest = table.keys or ("id",)
        sort = f", sortKey: {json.dumps(rest[0])}" if rest else ""
        look = (
            "" if table.sure and not rest else f"  # look: guessed from state {table.by!r}" if table.by else "  # look"
        )
        yield f"{key}: {{key: {json.dumps(first)}{sort}}}{look}"


def _uses(found: Found) -> Iterator[str]:
    if found.commons:
        yield f"commons: [{', '.join(sorted(found.commons))}]"
    if found.services:
        yield f"services: [{', '.join(sorted(found.services))}]"
    if found.workflows:
        yield f"workflows: [{', '.join(sorted(found.workflows))}]"


def _parameters(found: Found, needed: Shape) -> Iterator[str]:
    for name, value in sample(needed).items():
        shape = needed.keys[name]
        filled_in = name in found.parameters
        about = "It stands in the definition." if filled_in else "Part of the run's input."
        look = "  # look: its default" if filled_in else "" if shape.known else "  # look: type and default"
        yield f'{name}: {{type: {shape.type}, default: {json.dumps(value)}, description: "{about}"}}{look}'


def sample(needed: Shape) -> dict[str, Json]:
    """Return an input that a run gets through with."""
    return {name: None if shape.absent else shape.value(name) for name, shape in needed.keys.items()}


def steps_text(file: str, steps: Steps) -> str:
    """Return the module of the handlers: each answers what the states after it read."""
    parts = [f'"""The steps of {file}, to be filled in: each answers what the states after it read, made up."""\n']
    for key, step in steps.by_key.items():
        calls = [f"    # State {name!r} calls it with {told(given)}" for name, given in step.calls.items()]
        lines = [line if len(line) <= _WIDTH else f"{line[:_WIDTH]}..." for line in calls]
        answer = _python(step.answer.value()) if step.answer.known else "event"
        parts.append("\n".join([f"def {function_name(key)}(event, context):", *lines, f"    return {answer}", ""]))
    return "\n\n".join(parts)


def test_text(team: str, key: str, steps: Steps) -> str:
    """Return a test that tries each step once, and one that runs the workflow with made-up answers of services."""
    cases = [f"    (steps.{function_name(name)}, {_python(step.event)})," for name, step in steps.by_key.items()]
    mocks = [f"    {json.dumps(name)}: returns({_python(value)})," for name, value in answers(steps).items()]
    parts = [f'"""Run with: lanes test {team} {key}"""\n']
    if cases:
        parts += ["import pytest", "import steps\n"]
    if mocks:
        parts += ["from shared.testing import returns\n"]
    if cases:
        parts += [
            *("CALLS = [", *cases, "]\n\n"),
            '@pytest.mark.parametrize(("step", "event"), CALLS)',
            "def test_a_step_answers(step, event):",
            "    assert step(event, None) is not None\n",
        ]
    if mocks:
        parts += [
            *("\nMOCKS = {  # look: what is answered where no function of the folder is called, made up", *mocks, "}\n")
        ]
    run = "workflow.run(mocks=MOCKS)" if mocks else "workflow.run()"
    parts += ["\ndef test_the_workflow_succeeds(workflow):", f"    assert {run}.succeeded\n"]
    return "\n".join(parts)


def answers(steps: Steps) -> dict[str, Json]:
    """Return what services answer as far as the states after them read it; an object, if they read nothing."""
    return {name: shape.value() if shape.known else {} for name, shape in steps.others.items()}


def only_so_far(test: str, path: Sequence[str]) -> str:
    """Return the text of such a *test*, whose run shall get through the states of *path* and fail in the last one."""
    says = "the_workflow_gets_as_far_as_what_is_made_up_carries(workflow):  # look: make it succeed"
    return test.replace("the_workflow_succeeds(workflow):", says).replace(
        ").succeeded\n", f").path == {_python([*path])}\n"
    )


def _python(value: Json) -> str:
    return pprint.pformat(value, width=_WIDTH - 11, sort_dicts=False).replace("\n", "\n           ")
