"""What pages have begun and what takes a while: starts and redrives, each in a thread of its own, watched by its id.

A first deployment takes seconds, and no browser waits for it: the page that began it shows its lines as they come.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import TYPE_CHECKING, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.run.express import ExpressRun

    Note: TypeAlias = "Callable[[str], None]"
    Work: TypeAlias = "Callable[[str, Note], ExpressRun | None]"

_MOST = 100


@dataclass(frozen=True, slots=True)
class Whose:
    """What is begun.

    Attributes:
        team: Whose it is.
        workflow: The workflow's key.
        again: The page from which it may be begun anew.
        run_id: The run's id, where the run is there already.
    """

    team: str
    workflow: str
    again: str
    run_id: str = ""


class Launch:
    """One of them, from its beginning to its end. It may be read by several threads.

    Attributes:
        id: What it is called.
        whose: What it begins.
        run_id: The run's.
    """

    def __init__(self, id: str, whose: Whose) -> None:  # noqa: A002  it is one
        self.id = id
        self.whose = whose
        self.run_id = whose.run_id or id
        self._lines: list[str] = []
        self._over = False
        self._error: Exception | None = None
        self._express: ExpressRun | None = None

    @property
    def lines(self) -> tuple[str, ...]:
        """What it has told so far."""
        return tuple(self._lines)

    @property
    def over(self) -> bool:
        """Whether it has ended: the run has started, or this has failed."""
        return self._over

    @property
    def error(self) -> Exception | None:
        """Why it failed."""
        return self._error

    @property
    def express(self) -> ExpressRun | None:
        """What came of an express run, which has ended with it."""
        return self._express

    def carry_out(self, work: Work, note: Note) -> None:
        """Carry *work* out; *note* is told each line before it is shown."""

        def tell(line: str) -> None:
            note(line)
            self._lines.append(line)

        try:
            self._express = work(self.run_id, tell)
        except Exception as error:  # noqa: BLE001  its page tells it
            self._error = error
        finally:
            self._over = True


@dataclass(slots=True)
class Launches:
    """Those of a console.

    Attributes:
        done: Is called when one has ended.
        fault: Is told at which path which error was raised that is ours.
        patience: For how many seconds the end of the console waits for each that is under way.
    """

    done: Callable[[], None] = lambda: None
    fault: Callable[[str, Exception], None] = lambda _path, _error: None
    patience: float = 5.0
    _lock: Lock = field(default_factory=Lock)
    _kept: dict[tuple[str, str], Launch] = field(default_factory=dict)
    _threads: list[Thread] = field(default_factory=list)
    _closing: bool = False

    def begin(self, form: str, asked: str, whose: Whose, work: Work, fresh: Callable[[], str]) -> Launch:
        """Begin *work*, unless the same was begun by the same form, and has not failed.

        Args:
            form: The form's key, which becomes the id of what it begins first.
            asked: What it asks for. Whoever goes back and changes the form asks for something else.
            whose: What is begun.
            work: Does it: it gets the run's id and whom to tell of its progress.
            fresh: Makes an id, for a form that has begun something else before.
        """
        with self._lock:
            kept = self._kept.get((form, asked))
            if kept and not kept.error:
                return kept
            used = any(launch.id == form for launch in self._kept.values())
            launch = Launch(kept.id if kept else fresh() if used else form, whose)
            self._kept[form, asked] = launch
            self._forget()
            thread = Thread(target=self._carry_out, args=(launch, work), name=f"launch {launch.id}", daemon=True)
            self._threads = [each for each in self._threads if each.is_alive()] + [thread]
            thread.start()  # with the lock, so that nothing begins behind the end of the console
        return launch

    def get(self, id: str) -> Launch | None:  # noqa: A002  it is one
        """Return the one called *id*; None where there is none, or it was forgotten."""
        with self._lock:
            return next((launch for launch in self._kept.values() if launch.id == id), None)

    def close(self) -> None:
        """End those that are under way, each at its next step, and wait a little for that.

        A deployment that is cut off is finished by the next one.
        """
        with self._lock:
            self._closing = True
            threads = list(self._threads)
        for thread in threads:
            thread.join(self.patience)

    def _carry_out(self, launch: Launch, work: Work) -> None:
        launch.carry_out(work, self._check_open)
        if launch.error and not isinstance(launch.error, (LanesError, ClientError, BotoCoreError)):
            self.fault(f"/launches/{launch.id}", launch.error)
        self.done()

    def _check_open(self, _line: str) -> None:
        if self._closing:
            raise LanesError(
                "the console has ended before the run was started", fix="lanes console, and start it again"
            )

    def _forget(self) -> None:
        over = [key for key, launch in self._kept.items() if launch.over]
        for key in over[: max(0, len(self._kept) - _MOST)]:
            del self._kept[key]
