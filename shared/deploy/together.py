"""Which steps of a plan may run at once, and the running of them: in threads, told in the order of the plan.

A plan's order is by kind, since one kind needs another: a function its role, a machine its functions. Steps of one kind
that follow each other need nothing of each other, unless one names the other: a queue the one for its dead letters, a
function the one that gets its records.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from shared.deploy.model import Step
    from shared.deploy.watch import Watch

    Outcome = Exception | None

_SLICE = 0.5  # seconds that a thread waits before it looks whether it is to stop


def batches(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Yield *steps* in their order, in groups of which all may run at once."""
    group: list[Step] = []
    for step in steps:
        if group and not _go_together(group, step):
            yield group
            group = []
        group.append(step)
    if group:
        yield group


def _go_together(group: list[Step], step: Step) -> bool:
    """Say whether *step* needs nothing that the steps of *group* do, which are of one kind."""
    last = group[-1]
    if (last.kind, last.action == "delete") != (step.kind, step.action == "delete"):
        return False
    told = repr(step.calls)
    return not any(each.name in told for each in group)


class Together:
    """Carries steps out, as many at once as a watch says; a context, which ends when no thread is at work any more.

    Attributes:
        watch: What the steps are to be watched with: its waits end where they are interrupted.
        begun: The steps that were begun.
        done: Those of them that are done, as the threads wrote them down: Ctrl-C comes to the main thread alone.
    """

    def __init__(self, watch: Watch) -> None:
        self._at_once = watch.at_once
        self._sleep = watch.sleep
        self.watch = watch if watch.at_once == 1 else replace(watch, sleep=self._sleep_in_slices)
        self.begun: list[Step] = []
        self.done: list[Step] = []
        self._pool: ThreadPoolExecutor | None = None
        self._waited: list[Future[Outcome]] = []  # of the group that runs
        self._failed, self._interrupted = Event(), Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def run(
        self, steps: Iterable[Step], carry_out: Callable[[Step], None], refused: tuple[type[Exception], ...]
    ) -> Iterator[tuple[Step, Outcome]]:
        """Yield each step when it is done, in order, or with the error that stopped it, of the classes *refused*.

        What fails is yielded after all that was begun and is done. Nothing comes after it.
        """
        for group in batches(steps):
            if len(group) == 1 or self._at_once == 1:
                for step in group:
                    yield step, self._outcome(step, carry_out, refused)
                continue
            self._pool = self._pool or ThreadPoolExecutor(self._at_once)
            self._waited = [self._pool.submit(self._outcome, step, carry_out, refused) for step in group]
            failed: list[tuple[Step, Outcome]] = []
            for future, step in zip(self._waited, group, strict=True):
                while not future.done():  # Ctrl-C that comes as a wait without an end begins would not be seen
                    wait([future], _SLICE)
                error = future.result()
                if error is not None:
                    failed.append((step, error))
                elif step in self.done:
                    yield step, None
            yield from failed[:1]

    def end(self) -> None:
        """Begin nothing more, and wait until what is begun has ended."""
        self._interrupted.set()
        wait(self._waited)

    def _outcome(self, step: Step, carry_out: Callable[[Step], None], refused: tuple[type[Exception], ...]) -> Outcome:
        """Carry *step* out and return what stopped it; do nothing where another one failed."""
        if self._failed.is_set() or self._interrupted.is_set():
            return None
        self.begun.append(step)
        try:
            carry_out(step)
        except refused as error:
            self._failed.set()
            return error
        self.done.append(step)
        return None

    def _sleep_in_slices(self, seconds: float) -> None:
        """Sleep as the watch does.

        Raises:
            KeyboardInterrupt: Ctrl-C came, which only the main thread is told.
        """
        left = seconds
        while left > 0:
            if self._interrupted.is_set():
                raise KeyboardInterrupt
            self._sleep(min(left, _SLICE))
            left -= _SLICE
