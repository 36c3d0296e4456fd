"""Plans as text and as data, and the one way from a plan to its end: show, ask, carry out, tell.

It is the same for lanes and for the rendezvous service.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from shared.cli import console
from shared.deploy.watch import STEPS_AT_ONCE, Watch
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from shared.aws.target import Target
    from shared.deploy.causes import Caused
    from shared.deploy.model import Call, Plan, Routine, Step
    from shared.values import Json

_MARKS = {
    "create": ("+", "green"),
    "update": ("~", "yellow"),
    "replace": ("±", "yellow"),
    "delete": ("-", "red"),
    "nothing": (" ", "dim"),
}


_CAUSES = {
    "by hand": "changed by hand",
    "the file": "the file changed",
    "unknown": "not known, for no record tells it",
}


class Question(NamedTuple):
    """What is asked before a plan is carried out, and the one answer that lets it go on."""

    text: str
    answer: str


def show(todo: Plan, target: Target, where: Console) -> None:
    """Print a plan for *target* as a diff. What stays as it is, is only counted, unless there is something to say."""
    where.print(f"{todo.team} on {target}", markup=False, highlight=False)
    for step in todo.steps:
        if step.action == "nothing" and not step.diff:
            continue
        mark, style = _MARKS[step.action]
        where.print(f"{mark} {step.kind} {step.name}", style=style, markup=False, highlight=False)
        for line in step.diff:
            where.print(f"    {line}", style="dim", markup=False, highlight=False)
    where.print(f"{todo.team}: {counts(todo)}", markup=False, highlight=False)


def show_causes(team: str, caused: Caused) -> None:
    """Print why each resource of *team* is to change, and who did what by hand."""
    console.line(f"{team}: why")
    for (kind, name), cause in caused.causes.items():
        last = caused.who.get(name) if cause == "by hand" else None
        who = f": {last.what} by {last.who}, {last.when:%Y-%m-%d %H:%M:%S}" if last else ""
        console.line(f"  {_CAUSES[cause]}: {kind} {name}{who}")
    if caused.unread:
        console.note("who it was is in CloudTrail, which AWS refused to the caller; the platform's role may read it")


def report(todo: Plan, target: Target, *, as_json: bool) -> None:
    """Print a plan for *target* on stdout, as JSON or as a diff."""
    if as_json:
        console.print_json(as_data(todo, target))
    else:
        show(todo, target, console.out)


def watch() -> Watch:
    """Return what tells, on stderr, of each step of a plan that is carried out and of each wait."""
    return Watch(tell, console.note, at_once=STEPS_AT_ONCE)


def ask_and_carry_out(
    todo: Plan, target: Target, carry_out: Callable[[Plan, Watch], None], question: Question | None
) -> None:
    """Carry out *todo*, and tell of its steps. If anything is to change, it is shown and asked for first.

    Args:
        todo: The plan.
        target: Where it goes.
        carry_out: Carries a plan out, watched.
        question: What is asked; None when nobody is.

    Raises:
        UsageError: Nobody can be asked.
        LanesError: Something else was typed, or a step failed.
    """
    if todo.changes and question:
        show(todo, target, console.err)
        confirm(question)
    carry_out(todo, watch())
    _tell_what_stays(todo)
    console.note(f"{todo.team}: {counts(todo, done=True)}")


def tell(step: Step) -> None:
    """Say that *step* is done, on stderr: progress is not data."""
    mark, style = _MARKS[step.action]
    console.err.print(f"{mark} {step.kind} {step.name}", style=style, markup=False, highlight=False)


def _tell_what_stays(done: Plan) -> None:
    """Say that the master key is left, where *done* removed a key: the other teams' keys are made from it too."""
    from shared.deploy.rendezvous_keys import MASTER_SECRET
    from shared.deploy.resources.rendezvous_key import KIND

    if any((step.action, step.kind) == ("delete", KIND) for step in done.changes):
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


def as_data(todo: Plan, target: Target) -> dict[str, Json]:
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


def _call(call: Call | Routine) -> dict[str, Json]:
    return {field: getattr(call, field) for field in ("service", "method", "name", "params") if hasattr(call, field)}


def confirm(question: Question) -> None:
    """Go on only when the answer to *question* is typed. Without a terminal nobody can type it: --yes says it there.

    Raises:
        UsageError: Nobody can be asked.
        LanesError: Something else was typed.
    """
    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked here: stdin is no terminal", fix="add --yes if you are sure")
    console.err.print(question.text, end="", markup=False, highlight=False)
    if sys.stdin.readline().strip().lower() != question.answer:
        raise LanesError("not confirmed; nothing was done to it")
