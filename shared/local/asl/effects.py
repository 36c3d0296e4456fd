"""What a strand waits for: a call, an answer, or a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from shared.local.asl.tokens import Answer

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Call(Generic[T_co]):
    """Run *function* on a pool thread, and resume when it has returned or raised.

    Args:
        function: May block.
        timeout: Seconds until the strand is resumed with States.Timeout instead; what the call brings then is lost.
    """

    __slots__ = ("_answer", "_function", "timeout")

    _answer: T_co

    def __init__(self, function: Callable[[], T_co], timeout: float | None = None) -> None:
        self._function = function
        self.timeout = timeout

    def make(self) -> None:
        """Run the function and keep what it returns; what it raises goes through."""
        self._answer = self._function()

    def answered(self) -> Steps[T_co]:
        """Wait for the call; return what the function returned."""
        yield self
        return self._answer


class Park:
    """Wait until :meth:`Strand.wake` or an answer to the task token; *timeout* seconds at most, then States.Timeout."""

    __slots__ = ("timeout",)

    def __init__(self, timeout: float | None = None) -> None:
        self.timeout = timeout


class Sleep:
    """Wait *seconds*, made shorter by the engine's speed."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


if TYPE_CHECKING:
    Effect: TypeAlias = Call[object] | Park | Sleep
    # A generator that a strand runs: None lets other strands run first; only a Park is answered with something.
    Steps: TypeAlias = Generator[Effect | None, Answer | None, T]
