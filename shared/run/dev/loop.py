"""What the loop does next: events in, actions out, no clock and no terminal.

The rules, by what the loop is doing:

========== =================== ========================== ========================= =====================
doing      Saved               Enter                      Deployed / Ended          Quit
========== =================== ========================== ========================= =====================
waiting    deploy; then run,   deploy if a save waits for -                         leave
           if on save          it, then run
deploying  (kept)              (kept)                     fine: run if asked for;   leave
                                                          else wait
running    on save: stop, else stop, then run again       deploy what was saved,    stop, then leave
           it waits for the                               then run if asked for
           end
stopping   it waits for the    run again                  as running                leave
           end
========== =================== ========================== ========================= =====================

So the newest code wins, and no run mixes two versions: nothing is deployed while a run goes on. A run that nobody can
stop (an express one) is waited for instead. After files that are broken nothing runs until they are mended: it would be
other code than the one that its author sees.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TypeAlias


class Doing(Enum):
    """What the loop is doing."""

    WAITING = auto()
    DEPLOYING = auto()
    RUNNING = auto()
    STOPPING = auto()
    OVER = auto()


@dataclass(frozen=True, slots=True)
class Saved:
    """Files were saved, or removed: their names, as they are shown."""

    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Enter:
    """The user asks for a run."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployment ended: whether all is as the files say, and whether somebody can stop a run of it."""

    fine: bool
    stoppable: bool = True


@dataclass(frozen=True, slots=True)
class Ended:
    """A run is over, whatever came of it, or did not begin."""


@dataclass(frozen=True, slots=True)
class Quit:
    """The user goes."""


Event: TypeAlias = Saved | Enter | Deployed | Ended | Quit


@dataclass(frozen=True, slots=True)
class Deploy:
    """Deploy what differs; these *files* were saved. A :class:`Deployed` answers."""

    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Start a run. An :class:`Ended` comes when it is over."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop the run. An :class:`Ended` comes nevertheless, unless the loop is over."""

    why: str


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the user."""

    text: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Tell the user that it is their turn, and what the keys do; or that *broken* files are to be mended first."""

    broken: bool = False


Action: TypeAlias = Deploy | Run | Stop | Tell | Wait

_UNSTOPPABLE = "nothing stops an express run before its end"


@dataclass(frozen=True, slots=True)
class Loop:
    """Where the loop is.

    Attributes:
        on_save: Each save runs the workflow.
        doing: What it is doing.
        saved: The files of saves that wait for a run's end.
        again: A run is asked for, as soon as one may start.
        broken: The last deployment failed, so what is deployed is older than the files.
        stoppable: Somebody can stop a run of what is deployed.
    """

    on_save: bool = False
    doing: Doing = Doing.WAITING
    saved: tuple[str, ...] = ()
    again: bool = False
    broken: bool = False
    stoppable: bool = True


def first(*, on_save: bool) -> tuple[Loop, tuple[Action, ...]]:
    """Return the loop as it begins, deploying for a first run, and what to do."""
    return Loop(on_save, Doing.DEPLOYING, again=True), (Deploy(()),)


def step(loop: Loop, event: Event) -> tuple[Loop, tuple[Action, ...]]:
    """Return the loop after *event*, and what to do, in this order."""
    match event:
        case Saved(files):
            return _saved(replace(loop, saved=tuple(dict.fromkeys((*loop.saved, *files)))))
        case Enter():
            return _enter(replace(loop, again=True))
        case Deployed(fine, stoppable):
            return _next(replace(loop, broken=not fine, stoppable=stoppable, again=loop.again and fine))
        case Ended():
            return _next(loop)
        case Quit():
            return _quit(loop)


def _saved(loop: Loop) -> tuple[Loop, tuple[Action, ...]]:
    loop = replace(loop, again=loop.again or loop.on_save)
    files = ", ".join(loop.saved)
    match loop.doing:
        case Doing.WAITING:
            return _next(loop)
        case Doing.RUNNING if loop.on_save and loop.stoppable:
            return replace(loop, doing=Doing.STOPPING), (Stop(f"{files} saved: the run is stopped for the new code"),)
        case Doing.RUNNING:
            then = "runs again with" if loop.again else "deploys"
            why = f" ({_UNSTOPPABLE})" if not loop.stoppable else "; Enter stops it now"
            return loop, (Tell(f"{files} saved: the run goes on as it is, and its end {then} the new code{why}"),)
        case _:
            return loop, ()


def _enter(loop: Loop) -> tuple[Loop, tuple[Action, ...]]:
    match loop.doing:
        case Doing.WAITING:
            return _next(loop)
        case Doing.RUNNING if loop.stoppable:
            return replace(loop, doing=Doing.STOPPING), (Stop("the run is stopped for a new one"),)
        case Doing.RUNNING:
            return loop, (Tell(f"{_UNSTOPPABLE}; then it runs again"),)
        case _:
            return loop, ()


def _next(loop: Loop) -> tuple[Loop, tuple[Action, ...]]:
    """Return what follows when nothing goes on any more: a deployment, a run, or the user's turn."""
    if loop.saved or (loop.again and loop.broken):
        return replace(loop, doing=Doing.DEPLOYING, saved=()), (Deploy(loop.saved),)
    if loop.again:
        return replace(loop, doing=Doing.RUNNING, again=False), (Run(),)
    return replace(loop, doing=Doing.WAITING), (Wait(loop.broken),)


def _quit(loop: Loop) -> tuple[Loop, tuple[Action, ...]]:
    over = replace(loop, doing=Doing.OVER)
    if loop.doing is not Doing.RUNNING:
        return over, ()
    if loop.stoppable:
        return over, (Stop("the run is stopped"),)
    return over, (Tell(f"no longer waited for: {_UNSTOPPABLE}"),)
