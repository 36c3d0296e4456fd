"""How a state fails: the names of the Amazon States Language and the words AWS gives as cause."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.values import Json

ALL = "States.ALL"
TIMEOUT = "States.Timeout"
HEARTBEAT_TIMEOUT = "States.HeartbeatTimeout"
TASK_FAILED = "States.TaskFailed"
RUNTIME = "States.Runtime"
QUERY_EVALUATION = "States.QueryEvaluationError"
DATA_LIMIT = "States.DataLimitExceeded"
INTRINSIC = "States.IntrinsicFailure"
RESULT_PATH = "States.ResultPathMatchFailure"
EXCEED_TOLERATED = "States.ExceedToleratedFailureThreshold"
ITEM_READER = "States.ItemReaderFailed"
RESULT_WRITER = "States.ResultWriterFailed"
# The cause of a fault of ours: what went wrong is in the log, for no message of Python means anything to its reader.
INTERNAL = "Internal error of the embedded cloud; see its log (lanes up's log)"

# Nothing that is written holds itself, and to look for that takes a fifth of the time.
_encoder = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False)


def dumps(value: object) -> str:
    """Return *value* as AWS writes JSON: without blanks, letters beyond ASCII as they are.

    A number that outgrew a double, such as 1e400, is a text, as Jackson writes it.
    """
    try:
        return _encoder.encode(value)
    except ValueError:
        return _encoder.encode(_finite(value))


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


class StateFailure(Exception):
    """A state failed.

    Args:
        error: The error name that Retry and Catch match, or None when the definition gave none.
        cause: What AWS shows beside it, or None.
    """

    # A second name that Retry and Catch know it by.
    also: str | None = None
    # Whether the cause still lacks "An error occurred while executing the state ..." in front.
    bare = False

    def __init__(self, error: str | None, cause: str | None = None) -> None:
        super().__init__(error, cause)
        self.error = error
        self.cause = cause

    def output(self) -> dict[str, Json]:
        """Return the error output that a Catcher hands on."""
        parts = {"Error": self.error, "Cause": self.cause}
        return {key: value for key, value in parts.items() if value is not None}

    def located(self, state: str, event: int) -> None:
        """Put in front of the cause which *state* failed, and the id of the *event* that entered it."""
        if self.bare:
            self.bare = False
            place = f"An error occurred while executing the state '{state}' (entered at the event id #{event})."
            self.cause = f"{place} {self.cause}"


class AnsweredFailure(StateFailure):
    """SendTaskFailure failed a task. A Catcher gets what it did not say as well: null (recorded on AWS)."""

    def output(self) -> dict[str, Json]:
        """Return the error output that a Catcher hands on."""
        return {"Error": self.error, "Cause": self.cause}


class HeartbeatFailure(StateFailure):
    """A task gave no sign of life in time. AWS calls it a timeout, but Retry and Catch can tell the two apart."""

    also = HEARTBEAT_TIMEOUT

    def __init__(self) -> None:
        super().__init__(TIMEOUT)


class RuntimeFailure(StateFailure):
    """A field of the state could not be evaluated; the cause is completed with the state and event."""

    bare = True

    def __init__(self, cause: str, error: str = RUNTIME) -> None:
        super().__init__(error, cause)


class QueryFailure(RuntimeFailure):
    """A JSONata expression failed.

    Args:
        cause: What went wrong, naming the expression.
        location: The field it stands in, such as ``Output/result``, or None.
    """

    def __init__(self, cause: str, location: str | None) -> None:
        super().__init__(cause, QUERY_EVALUATION)
        self.location = location


def matches(names: tuple[str, ...], failure: StateFailure) -> bool:
    """Tell whether an ErrorEquals list of *names* matches *failure*."""
    error = failure.error or ""
    if error == RUNTIME:
        return False  # it ends the execution whatever the definition says
    if error in names or failure.also in names:
        return True
    return error != DATA_LIMIT and (ALL in names or (TASK_FAILED in names and error != TIMEOUT))
