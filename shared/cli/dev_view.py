"""What ``lanes dev`` shows: a picture that is redrawn in place, plain lines where nobody can redraw, or JSON lines."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Protocol

from rich.console import Group
from rich.live import Live
from rich.text import Text

from shared.cli import console, faults, run_view
from shared.cli.graph_view import news, picture
from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from shared.deploy.model import Plan
    from shared.measure.billing.finished_run import FinishedRun
    from shared.run.graph import Graph

_RAISED = "[ERROR] "  # how Lambda's line about an error begins, with the traceback in it
_MEND = "what is deployed stays as it is; mend this and save, q ends"
_ROOM = 6  # lines of the screen that are not the picture's
_MOST_STEPS = 6  # steps of a deployment that one line names


@dataclass(frozen=True, slots=True)
class Written:
    """A line that a function wrote: its step, its rank if it has one, the request, and the text."""

    step: str
    rank: int | None
    request_id: str
    text: str

    @property
    def shown(self) -> str:
        """The line with its step, and with its rank or the end of the request's id."""
        return f"[{self.step} {self.request_id[-6:] if self.rank is None else f'rank {self.rank}'}] {self.text}"


@dataclass(frozen=True, slots=True)
class Edit:
    """What a deployment of an edit did: the files that were saved, what was done for them, and the seconds it took."""

    files: tuple[str, ...]
    done: tuple[str, ...]
    seconds: float

    @property
    def line(self) -> str:
        """All of it in one line."""
        saved = f"{', '.join(self.files)} saved: " if self.files else ""
        what = ", ".join(self.done) if len(self.done) <= _MOST_STEPS else f"{len(self.done)} steps"
        return f"{saved}{f'deployed {what}' if self.done else 'nothing to deploy'} in {self.seconds:.2f} s"


class View(Protocol):
    """Shows what happens."""

    def tell(self, text: str) -> None:
        """Show a line of ours."""

    def turn(self, *, broken: bool) -> None:
        """Show that it is the user's turn; with *broken* files it is to mend them."""

    def deployed(self, edit: Edit) -> None:
        """Show what was deployed."""

    def refused(self, error: Exception) -> None:
        """Show why nothing was deployed, or no run began."""

    def started(self, run_id: str, note: str) -> None:
        """Show that a run has begun."""

    def look(self, graph: Graph, seconds: float, lines: Sequence[Written]) -> None:
        """Show how the run is after so many seconds, and the *lines* that are new."""

    def ended(self, finished: FinishedRun) -> None:
        """Show what came of the run, after the last look."""


def deployed_parts(todo: Plan, steps: dict[str, str]) -> tuple[str, ...]:
    """Return what *todo* changed, in few words; *steps* are the workflow's steps by their functions' names."""
    code = [each for each in todo.changes if each.kind == "function" and _is_code(each.diff)]
    others = [each for each in todo.changes if each not in code]
    names = [steps.get(each.name, each.name) for each in code]
    told = [f"the code of {', '.join(names)}"] if names else []
    for each in others:
        what = "the state machine" if each.kind == "state machine" else f"{each.kind} {steps.get(each.name, each.name)}"
        told.append(what if each.action in {"update", "replace"} else f"{what} ({each.action}d)")
    return tuple(told)


def _is_code(diff: Sequence[str]) -> bool:
    return bool(diff) and all(line.startswith("code_sha256: ") for line in diff)


@contextmanager
def view(team: str, workflow: str, *, on_save: bool, as_json: bool) -> Iterator[View]:
    """Give what shows a workflow's loop on stdout as it is: a terminal, which is left clean, or anything else."""
    keys = f"Enter{' or a save' if on_save else ''} runs {team} {workflow} again, q ends"
    out = console.out
    if as_json:
        yield _Json()
    elif not out.is_terminal or out.is_dumb_terminal or out.no_color:
        yield _Lines(keys)
    else:
        screen = _Redrawn(keys)
        try:
            yield screen
        finally:
            screen.close()


class _Lines:
    """Shows plain lines. *keys* says what the keys do."""

    def __init__(self, keys: str) -> None:
        self._keys = keys
        self._before: Graph | None = None
        self._traced: set[str] = set()  # the requests whose traceback the log has shown

    def tell(self, text: str) -> None:
        console.line(text)

    def turn(self, *, broken: bool) -> None:
        console.line(_MEND if broken else self._keys)

    def deployed(self, edit: Edit) -> None:
        console.line(edit.line)

    def refused(self, error: Exception) -> None:
        console.fail(_message(error))

    def started(self, run_id: str, note: str) -> None:
        self._before = None
        console.line(f"run {run_id}{note}")

    def look(self, graph: Graph, seconds: float, lines: Sequence[Written]) -> None:
        for line in lines:
            console.line(line.shown)
        for text in news(self._before, graph):
            console.line(f"{seconds:6.2f} s  {text}")
        self._before = graph
        self._traced |= _traced(lines)

    def ended(self, finished: FinishedRun) -> None:
        _print_end(finished, self._traced)


class _Redrawn:
    """Shows the graph redrawn in place while a run goes on, with all lines above it. *keys* says what the keys do."""

    def __init__(self, keys: str) -> None:
        self._keys = keys
        self._live: Live | None = None
        self._head = ""
        self._last: Graph | None = None
        self._traced: set[str] = set()

    def tell(self, text: str) -> None:
        console.out.print(text, style="bold")

    def turn(self, *, broken: bool) -> None:
        console.out.print(_MEND if broken else self._keys, style="dim")

    def deployed(self, edit: Edit) -> None:
        console.out.print(edit.line, style="bold")

    def refused(self, error: Exception) -> None:
        self.close()
        console.fail(_message(error))

    def started(self, run_id: str, note: str) -> None:
        self._head, self._last = f"run {run_id}{note}", None
        self._live = Live(console=console.out, auto_refresh=False, transient=True)
        self._live.start()

    def look(self, graph: Graph, seconds: float, lines: Sequence[Written]) -> None:
        for line in lines:
            console.out.print(Text(line.shown))
        if self._live:
            self._live.update(self._drawn(graph, seconds, console.out.height - _ROOM), refresh=True)
        self._last = graph
        self._traced |= _traced(lines)

    def ended(self, finished: FinishedRun) -> None:
        self.close()
        if self._last:
            console.out.print(self._drawn(self._last, finished.outcome.wall_seconds))
        _print_end(finished, self._traced)

    def close(self) -> None:
        """Leave what is redrawn."""
        if self._live:
            self._live.stop()
            self._live = None

    def _drawn(self, graph: Graph, seconds: float, height: int = 0) -> Group:
        plain = console.out.options.ascii_only
        return Group(Text(f"{self._head}  {seconds:.1f} s", style="bold"), picture(graph, height=height, plain=plain))


class _Json:
    """Shows each event as a JSON document on a line of its own."""

    def __init__(self) -> None:
        self._before: Graph | None = None

    def tell(self, text: str) -> None:
        self._say("note", text=text)

    def turn(self, *, broken: bool) -> None:
        self._say("waiting", broken=broken)

    def deployed(self, edit: Edit) -> None:
        self._say("deployed", files=edit.files, done=edit.done, seconds=edit.seconds)

    def refused(self, error: Exception) -> None:
        self._say("refused", error=_message(error))

    def started(self, run_id: str, note: str) -> None:
        self._before = None
        self._say("started", run_id=run_id, note=note.removeprefix(", "))

    def look(self, graph: Graph, seconds: float, lines: Sequence[Written]) -> None:
        for line in lines:
            self._say("line", **asdict(line))
        if graph != self._before:
            self._before = graph
            self._say("graph", seconds=seconds, states=[node.as_record() for node in graph.nodes])

    def ended(self, finished: FinishedRun) -> None:
        self._say("ended", **finished.as_record())

    @staticmethod
    def _say(event: str, **told: object) -> None:
        console.line(json.dumps({"event": event, **told}, default=str))


def _message(error: Exception) -> str:
    return str(error) if isinstance(error, LanesError) else faults.told(error)


def _traced(lines: Sequence[Written]) -> set[str]:
    """Return the requests whose traceback is among *lines*."""
    return {line.request_id for line in lines if line.text.startswith(_RAISED)}


def _print_end(finished: FinishedRun, traced: Collection[str]) -> None:
    """Print what came of a run: as ``lanes run`` does, but without a traceback that the log has shown."""
    failure = finished.outcome.failure
    if failure is None:
        run_view.print_outcome(finished)
        return
    lines = (replace(failure, traceback=()) if failure.request_id in traced else failure).lines
    place = f" at {failure.place}" if failure.place else ""
    head = f"{failure.status}  {finished.run.id}  {finished.outcome.wall_seconds:.2f} s{place}"
    console.out.print("\n".join([head, *(f"  {line}" for line in lines)]), style="red")
