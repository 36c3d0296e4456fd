"""The ways in which a worker can end, in Lambda's words."""

from __future__ import annotations

import signal


class WorkerEnd(Exception):
    """The worker cannot serve any more."""


class TimedOut(WorkerEnd):
    """It did not answer in time."""


class OutOfMemory(WorkerEnd):
    """It held more memory than the function may have."""

    def __str__(self) -> str:
        return "Runtime exited with error: signal: killed"


class Exited(WorkerEnd):
    """The process ended by itself.

    Args:
        status: The exit code, or minus the signal, as subprocess tells it.
    """

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status

    def __str__(self) -> str:
        if self.status < 0:
            return f"Runtime exited with error: signal: {_signal_text(-self.status)}"
        if self.status:
            return f"Runtime exited with error: exit status {self.status}"
        return "Runtime exited without providing a reason"


class InitFailed(WorkerEnd):
    """The handler could not be loaded.

    Attributes:
        payload: The error object that the runtime client posted.
        error_type: Its type, from the header.
    """

    def __init__(self, payload: bytes, error_type: str) -> None:
        super().__init__(error_type)
        self.payload = payload
        self.error_type = error_type


def _signal_text(number: int) -> str:
    """Return the words that Lambda's Go program has for a signal."""
    known: dict[int, str] = {signal.SIGKILL: "killed", signal.SIGTERM: "terminated", signal.SIGABRT: "aborted"}
    return known.get(number) or (signal.strsignal(number) or str(number)).lower()
