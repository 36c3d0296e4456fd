"""A function's handler, called in this process: for tests and debugging, where a worker process would be in the way.

It is not Lambda: no limit of memory or time holds, and libraries are those of this process. What stays Lambda's is the
module's way in (its folder comes first on ``sys.path``), the environment, the context object, JSON on both sides, and
the form in which an error is told.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from types import ModuleType

    from shared.values import Json

    Handler = Callable[[Json, object], object]


@dataclass(frozen=True, slots=True)
class Context:
    """Lambda's context object.

    Attributes:
        function_name: The function's name.
        invoked_function_arn: Its ARN.
        memory_limit_in_mb: Its memory, in MB; AWS gives it as text.
        aws_request_id: The invocation's id.
        deadline: The time at which it has to end, in seconds of *clock*.
        clock: Gives the time in seconds.
    """

    function_name: str
    invoked_function_arn: str
    memory_limit_in_mb: str
    aws_request_id: str
    deadline: float
    clock: Callable[[], float] = time.monotonic
    function_version: str = "$LATEST"
    identity: None = None
    client_context: None = None

    @property
    def log_group_name(self) -> str:
        """The function's log group."""
        return f"/aws/lambda/{self.function_name}"

    @property
    def log_stream_name(self) -> str:
        """The log stream of this process."""
        return f"[$LATEST]{os.getpid():032x}"

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds that are left, 0 when there are none."""
        return max(0, int((self.deadline - self.clock()) * 1000))


class OwnModules:
    """The modules of one folder: inside of a ``with`` block they are imported by name, outside they are put away.

    Workflows have modules of the same names, and one process may call the handlers of many. Entering twice is allowed.

    Args:
        folder: The folder; None for a shared workflow, whose modules are the project's own.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = str(folder.resolve()) if folder else None
        self._kept: dict[str, ModuleType] = {}
        self._entered = 0

    def __enter__(self) -> Self:
        if self._folder and not self._entered:
            sys.path.insert(0, self._folder)
            importlib.invalidate_caches()
            sys.modules.update(self._kept)
        self._entered += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._entered -= 1
        if self._folder and not self._entered:
            self._kept = {name: module for name, module in sys.modules.items() if self._is_own(module)}
            for name in self._kept:
                del sys.modules[name]
            sys.path.remove(self._folder)

    def forget(self) -> None:
        """Forget what was loaded: the next import reads the files again. Not inside of the block."""
        self._kept = {}

    def _is_own(self, module: ModuleType) -> bool:
        return any(str(place).startswith(f"{self._folder}{os.sep}") for place in _places(module))


def _places(module: ModuleType) -> list[str]:
    """Return where *module* lies: its file, or the folders of a package that has none."""
    if file := getattr(module, "__file__", None):
        return [file]
    try:
        return [*(getattr(module, "__path__", None) or ())]
    except KeyError:  # such a package asks for its parent, which somebody has taken out of sys.modules
        return []


def find_handler(name: str) -> Handler:
    """Return the handler called *name*, ``count.handler``; call it inside of its :class:`OwnModules`.

    Raises:
        Exception: Whatever the module raises when it is loaded, as it is.
        AttributeError: The module has no such function.
    """
    module, _, function = name.rpartition(".")
    found: Handler = getattr(importlib.import_module(module), function)
    return found


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Have *variables* in the process's environment inside of the block, and what was there before after it."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def as_lambda_tells(error: BaseException) -> dict[str, Json]:
    """Return what Lambda answers when a handler has raised *error*: its type, message and stack trace."""
    frames = traceback.format_list(traceback.extract_tb(error.__traceback__))
    return {"errorMessage": str(error), "errorType": type(error).__name__, "requestId": "", "stackTrace": list(frames)}


def through_json(value: object) -> Json:
    """Return *value*, which a handler returned, as its caller gets it: Lambda sends it as JSON.

    Raises:
        TypeError: It is not JSON.
    """
    sent: Json = json.loads(json.dumps(value))
    return sent
