"""Brings events to the loop and carries out what it says, until the user goes. Everything it touches is handed in."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from shared.run.dev.loop import Deploy, Doing, Ended, Quit, Run, Stop, Tell, Wait, first, step

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.run.dev.loop import Action, Deployed, Enter, Event, Saved

TICK = 0.1
"""Seconds between two looks at files and run. A key ends one at once."""


class Work(Protocol):
    """Deploys and runs the workflow."""

    def deploy(self, files: tuple[str, ...]) -> Deployed:
        """Deploy what differs from what is deployed, and tell of it; these *files* were saved."""

    def start(self) -> bool:
        """Start a run, and return whether one has begun. What kept it from that is told."""

    def look(self) -> bool:
        """Tell what is new of the run; return whether it is over, and then what came of it is told."""

    def stop(self) -> None:
        """Stop the run."""


class Teller(Protocol):
    """Tells the user."""

    def tell(self, text: str) -> None:
        """Tell a line."""

    def turn(self, *, broken: bool) -> None:
        """Tell the user that it is their turn; with *broken* files it is to mend them."""


def hold(
    work: Work,
    teller: Teller,
    keys: Callable[[float], Enter | Quit | None],
    saves: Callable[[], Saved | None],
    *,
    on_save: bool,
) -> None:
    """Hold the loop until a key ends it.

    Args:
        work: Deploys and runs.
        teller: Tells what the loop has to say.
        keys: Waits for a key, so many seconds at most, and returns what it asks for.
        saves: Looks at the files, and returns what was saved since the last time.
        on_save: Run on each save.

    Raises:
        KeyboardInterrupt: Ctrl-C ended it; a run that went on was stopped. So it is with SystemExit, of a signal.
    """
    loop, todo = first(on_save=on_save)
    events: deque[Event] = deque()
    try:
        while loop.doing is not Doing.OVER:
            for action in todo:
                events.extend(_done(action, work, teller))
            event = events.popleft() if events else _event(loop.doing, work, keys, saves)
            loop, todo = step(loop, event) if event else (loop, ())
    except (KeyboardInterrupt, SystemExit):
        _leave(step(loop, Quit())[1], work, teller)
        raise
    _leave(todo, work, teller)


def _leave(todo: tuple[Action, ...], work: Work, teller: Teller) -> None:
    for action in todo:
        _done(action, work, teller)


def _event(
    doing: Doing,
    work: Work,
    keys: Callable[[float], Enter | Quit | None],
    saves: Callable[[], Saved | None],
) -> Event | None:
    """Return what has happened, after a tick at most."""
    if key := keys(TICK):
        return key
    if doing in {Doing.RUNNING, Doing.STOPPING} and work.look():
        return Ended()
    return saves()


def _done(action: Action, work: Work, teller: Teller) -> tuple[Event, ...]:
    """Carry out *action*, and return what has happened by it."""
    match action:
        case Deploy(files):
            return (work.deploy(files),)
        case Run():
            return () if work.start() else (Ended(),)
        case Stop(why):
            teller.tell(why)
            work.stop()
        case Tell(text):
            teller.tell(text)
        case Wait(broken):
            teller.turn(broken=broken)
    return ()
