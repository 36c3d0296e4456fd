"""What the runtime knows of a function, what an invocation gives back, and how it is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypedDict

from shared.errors import LanesError

NOT_FOUND = "ResourceNotFoundException"

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Layer:
    """One layer's zip, laid out as under /opt."""

    sha256: str
    code: bytes = field(repr=False, compare=False)


@dataclass(frozen=True)
class ImageCode:
    """A container image that is a function's code.

    Attributes:
        repository: Its URI without tag and digest.
        digest: The digest of its manifest.
        layers: The tar files of its layers, lowest first.
        command: The command in its configuration; for a function, the handler.
        environment: Its variables, without those that only make sense inside the image.
    """

    repository: str
    digest: str
    layers: tuple[Path, ...]
    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]


class CodeParts(TypedDict):
    """The parts of a :class:`FunctionSpec` that a zip and an image give in different ways."""

    handler: str
    code_sha256: str
    code: bytes
    image: ImageCode | None
    runtime: str
    environment: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class FunctionSpec:
    """One version of a function. Two equal specs can share a warm worker.

    Concurrency, what concerns events that nobody waits for, and the code's bytes are not compared: the hash stands for
    the bytes, and a change of the others needs no new worker.

    Attributes:
        arn: The version's ARN (unqualified for $LATEST).
        role: The ARN of the role it runs as. Its workers hold the role's credentials.
        memory_mb: Memory in MB of 1,048,576 bytes. A worker that holds more is killed.
        timeout: Seconds an invocation may take.
        environment: The function's own variables, as sorted pairs.
        code_sha256: Hex digest of the zip, or of the image's manifest.
        code: The zip; empty for an image.
        image: The image, None for a zip.
        ephemeral_mb: Size of /tmp in MB.
        reserved_concurrency: How many invocations may run at once; None for no limit of its own.
        retry_attempts: How often a failed Event invocation is tried again (AWS: 0 to 2).
        max_event_age: Seconds for which an event is tried (AWS: 60 to 21,600).
        on_success: The ARN that gets the records of events that succeeded, or none.
        on_failure: The ARN that gets the records of all others, or none.
        dead_letters: The ARN of the queue or topic that gets the events of all others, or none.
        invoked: The ARN that it is called by, with the version or alias that was asked for.
        log_format: ``Text`` or ``JSON``.
        architecture: What its compiled code is for: ``x86_64`` or ``arm64``.
        lineage: Of the event that it is called for, if that waited (:mod:`shared.local.lambda_runtime.lineage`).
    """

    name: str
    arn: str
    account: str
    region: str
    handler: str
    code_sha256: str
    code: bytes = field(repr=False, compare=False)
    image: ImageCode | None = field(default=None, repr=False, compare=False)
    role: str = ""
    version: str = "$LATEST"
    runtime: str = "python3.12"
    memory_mb: int = 128
    timeout: float = 3
    environment: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    layers: tuple[Layer, ...] = ()
    ephemeral_mb: int = 512
    log_group: str = ""
    log_format: str = "Text"
    reserved_concurrency: int | None = field(default=None, compare=False)
    retry_attempts: int = field(default=2, compare=False)
    max_event_age: int = field(default=21_600, compare=False)
    on_success: str | None = field(default=None, compare=False)
    on_failure: str | None = field(default=None, compare=False)
    dead_letters: str | None = field(default=None, compare=False)
    invoked: str = field(default="", compare=False)
    architecture: str = "x86_64"
    lineage: str = field(default="", compare=False)

    @property
    def group(self) -> str:
        """The log group its workers write to."""
        return self.log_group or f"/aws/lambda/{self.name}"

    @cached_property  # each invocation asks for it some six times
    def function_arn(self) -> str:
        """The ARN without the version. Concurrency is counted, and workers are retired, by it."""
        return ":".join(self.arn.split(":")[:7])


@dataclass(frozen=True)
class Invocation:
    """The result of one invocation.

    Attributes:
        payload: The handler's answer, or the error object, as JSON.
        function_error: "Unhandled" when the function failed, else None.
        log_tail: The last 4 KB of what the invocation logged.
        duration_ms: Time in the handler.
        init_ms: Time of the cold start, None when the worker was warm.
        max_memory_mb: Peak memory of the worker so far, with its child processes.
    """

    request_id: str
    payload: bytes
    function_error: str | None
    log_tail: str
    duration_ms: float
    billed_ms: int
    init_ms: float | None
    max_memory_mb: int
    log_group: str
    log_stream: str
    version: str


class InvokeRefusedError(LanesError):
    """Lambda did not start the function, because of the caller's payload or of a limit.

    Attributes:
        code: AWS's name for it ("TooManyRequestsException").
        status: The HTTP status AWS answers with.
        reason: The Reason of a 429, else None.
    """

    def __init__(self, code: str, status: int, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.reason = reason


def throttled(reason: str) -> InvokeRefusedError:
    """Return the refusal for one invocation too many."""
    return InvokeRefusedError("TooManyRequestsException", 429, "Rate Exceeded.", reason=reason)
