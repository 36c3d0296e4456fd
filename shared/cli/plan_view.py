"""Plans as text and as data, and the question before one is carried out: the same for lanes and for the platform."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from shared.cli import console
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from shared.aws.target import Target
    from shared.deploy.model import Plan, Step

_MARKS = {
    "create": ("+", "green"),
    "update": ("~", "yellow"),
    "replace": ("±", "yellow"),
    "delete": ("-", "red"),
    "nothing": (" ", "dim"),
}


def show(todo: Plan, target: Target, where: Console) -> None:
    """Print a plan for *target* as a diff; what stays as it is is only counted."""
    where.print(f"{todo.team} on {target}", markup=False, highlight=False)
    for step in todo.changes:
        mark, style = _MARKS[step.action]
        where.print(f"{mark} {step.kind} {step.name}", style=style, markup=False, highlight=False)
        for line in step.diff:
            where.print(f"    {line}", style="dim", markup=False, highlight=False)
    where.print(f"{todo.team}: {counts(todo)}", markup=False, highlight=False)


def report(todo: Plan, target: Target, *, as_json: bool) -> None:
    """Print a plan for *target* on stdout, as JSON or as a diff."""
    if as_json:
        console.print_json(as_data(todo, target))
    else:
        show(todo, target, console.out)


def ask(todo: Plan, target: Target, question: str, answer: str) -> None:
    """Show a plan for *target* on stderr and go on only when *answer* is typed.

    Raises:
        UsageError: Nobody can be asked.
        LanesError: Something else was typed.
    """
    show(todo, target, console.err)
    confirm(question, answer)


def tell(step: Step) -> None:
    """Say that *step* is done, on stderr: progress is not data."""
    mark, style = _MARKS[step.action]
    console.err.print(f"{mark} {step.kind} {step.name}", style=style, markup=False, highlight=False)


def tell_what_stays(done: Plan) -> None:
    """Say what *done*, a plan that removed things, left on purpose: others' keys are made from the master, too."""
    from shared.deploy.rendezvous_keys import MASTER_SECRET
    from shared.deploy.resources.rendezvous_key import KIND

    if any(step.kind == KIND for step in done.changes):
        console.note(f"secret {MASTER_SECRET} stays: every team's rendezvous key is made from it")


def counts(todo: Plan, *, done: bool = False) -> str:
    """Return how many resources a plan makes, changes, removes and leaves, or has, when *done*."""
    if not todo.changes:
        return f"nothing to do ({len(todo.steps)} resources are as they should be)" if todo.steps else "nothing there"
    tally = {action: sum(step.action == action for step in todo.steps) for action in _MARKS}
    words = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}
    return ", ".join(
        f"{count} {'unchanged' if action == 'nothing' else words[action] if done else f'to {action}'}"
        for action, count in tally.items()
        if count
    )


def as_data(todo: Plan, target: Target) -> dict[str, Any]:
    """Return a plan for *target* as data: each step with the calls it stands for."""
    return {
        "team": todo.team,
        "stage": todo.stage,
        "target": target.as_data(),
        "steps": [
            {
                "action": step.action,
                "kind": step.kind,
                "name": step.name,
                "diff": list(step.diff),
                "calls": [_call(call) for call in step.calls],
            }
            for step in todo.steps
        ],
    }


def _call(call: Any) -> dict[str, Any]:
    return {field: getattr(call, field) for field in ("service", "method", "name", "params") if hasattr(call, field)}


def confirm(question: str, answer: str) -> None:
    """Go on only when *answer* is typed; without a terminal nobody can, so --yes must say it.

    Raises:
        UsageError: Nobody can be asked.
        LanesError: Something else was typed.
    """
    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked here: stdin is no terminal", fix="add --yes if you are sure")
    console.err.print(question, end="", markup=False, highlight=False)
    if sys.stdin.readline().strip().lower() != answer:
        raise LanesError("not confirmed; nothing was done to it")
