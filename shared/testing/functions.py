"""Calls functions in this process: a lane's own handlers, or what a test puts in their places.

A handler has its function's real environment and Lambda's context object, whose remaining time is virtual: the call
itself takes none. It is loaded as Lambda loads it, and its modules are those that the test imports. What it raises is
told as Lambda tells it. No right is asked for: that a role may make a call is shown by the rehearsal.
"""

from __future__ import annotations

import json
import sys
import traceback
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from shared.config.variables import RENDEZVOUS_VARIABLES
from shared.errors import unknown
from shared.local.asl.errors import dumps
from shared.local.handler import Context, as_lambda_tells, environment, find_handler, through_json
from shared.testing.modules import NOBODY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

    from shared.config.lane import Function, Lane, Workflow
    from shared.local.handler import Handler
    from shared.testing.modules import Modules
    from shared.values import Json

_TIMEOUT = 900.0  # seconds: the most that Lambda gives, for functions of which a test knows nothing else


@dataclass(frozen=True, slots=True)
class Invocation:
    """What became of an invocation, as the engine asks for it."""

    payload: bytes
    function_error: str | None
    request_id: str
    version: str = "$LATEST"
    log_tail: str = ""  # what a handler prints is shown by the test


@dataclass(frozen=True, slots=True)
class Raised:
    """What a handler raised.

    Attributes:
        function: The function's key.
        payload: What Lambda answered, which becomes the state's cause.
        traceback: The traceback, from the handler's first line on.
    """

    function: str
    payload: str
    traceback: str


class Functions:
    """The functions of one run.

    Args:
        modules: Lets modules of workflows' folders be imported.
        lane: Whose functions are called; None for a definition that is no project's.
        workflow: The workflow whose keys *stand_ins* are; None likewise.
        stand_ins: What stands in for handlers, by the keys of functions on the card, or by their names in AWS.
    """

    def __init__(
        self, modules: Modules, lane: Lane | None, workflow: Workflow | None, stand_ins: Mapping[str, Handler]
    ) -> None:
        self._modules = modules
        self._lane = lane
        steps = dict(workflow.functions) if workflow else {}
        self._steps = steps
        self._stand_ins = {self._name(steps.get(key, key)): handler for key, handler in stand_ins.items()}
        self._given = tuple(stand_ins)
        self._functions = {function.name: function for function in lane.functions.values()} if lane else {}
        self._now: Callable[[], float] = float
        self._new_id: Callable[[], str] = str
        self.raised: list[Raised] = []

    def use(self, now: Callable[[], float], new_id: Callable[[], str]) -> None:
        """Tell the time by *now*, in seconds, and have the ids of requests from *new_id*."""
        self._now, self._new_id = now, new_id

    def problems(self) -> Iterator[str]:
        """Yield why there is nothing for which what was given could stand in."""
        if self._lane is None:
            return
        known = [*self._steps, *self._lane.functions]
        for key in self._given:
            if key not in known:
                yield f"functions: there is no function {key!r}; {unknown('function', key, known).fix}"

    def why_not(self, function: str, event: Json) -> str | None:
        """Return why the *function* of this name or ARN cannot be called with *event*; None where it can."""
        name = _bare(function)
        if name in self._stand_ins:
            return None
        found = self._functions.get(name)
        if found is None:
            return f"it invokes {name}, whose code no test has"
        if found.image is not None and found.image.is_others:
            return f"it invokes {found.key}, whose image others build"
        apart = isinstance(event, dict) and event.get("fmi_enabled") is False
        if RENDEZVOUS_VARIABLES[0] in found.environment and not apart:
            return f"it invokes {found.key}, which meets others at the rendezvous; a test calls one after the other"
        return None

    def invoke(self, function: str, payload: bytes, _client_context: str = "") -> Invocation:
        """Call the function; what it raises becomes Lambda's answer."""
        name, event = _bare(function), json.loads(payload)
        request = self._new_id()
        found = self._functions.get(name)
        context = self._context(name, function, found, request)
        handler = self._stand_ins.get(name) or partial(self._call, self._functions[name])
        try:
            answer = through_json(handler(event, context))
        except (Exception, SystemExit) as error:  # noqa: BLE001  whatever a handler raises, Lambda tells
            told = dumps({**as_lambda_tells(error), **_named(error)})
            self.raised.append(Raised(found.key if found else name, told, _theirs(error)))
            return Invocation(told.encode(), "Unhandled", request)
        return Invocation(dumps(answer).encode(), None, request)

    def _call(self, function: Function, event: Json, context: object) -> object:
        workflow = self._lane.workflows[function.workflow] if self._lane else None
        with environment(self._environment(function)), self._modules.of(workflow.folder if workflow else None):
            try:
                handler = find_handler(function.handler)
            except (ImportError, AttributeError, SyntaxError) as error:
                raise NotLoadedError(function.handler, error) from error
            return handler(event, context)

    def _environment(self, function: Function) -> dict[str, str]:
        """Return the variables that Lambda and the deployment set, for no account."""
        region = self._lane.place.region if self._lane else ""
        return {
            **function.environment,
            **NOBODY,
            "AWS_DEFAULT_REGION": region,
            "AWS_REGION": region,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
            "_HANDLER": function.handler,
        }

    def _context(self, name: str, function: str, found: Function | None, request: str) -> Context:
        arn = self._lane.place.arn("lambda", f"function:{name}") if self._lane else function
        seconds = found.timeout_seconds if found else _TIMEOUT
        memory = found.memory_mb if found else 128
        return Context(name, arn, str(memory), request, self._now() + seconds, self._now)

    def _name(self, key: str) -> str:
        """Return the name in AWS of the function called *key* in the lane, or in a definition."""
        functions = self._lane.functions if self._lane else {}
        return functions[key].name if key in functions else _bare(key)


class NotLoadedError(Exception):
    """A handler could not be loaded."""

    def __init__(self, handler: str, error: Exception) -> None:
        module, _, name = handler.rpartition(".")
        self.type = "Runtime.ImportModuleError"
        said = f"Unable to import module '{module}': {error}"
        if isinstance(error, SyntaxError):
            self.type, said = "Runtime.UserCodeSyntaxError", f"Syntax error in module '{module}': {error}"
        elif isinstance(error, AttributeError) and module in sys.modules:
            self.type, said = "Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module}'"
        super().__init__(said)


def _named(error: BaseException) -> dict[str, Json]:
    """Return what Lambda's runtime calls an *error* that is no handler's own, in awslambdaric's words."""
    if isinstance(error, NotLoadedError):
        return {"errorType": error.type}
    if isinstance(error, SystemExit):
        return {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: Error: Runtime exited: {error}"}
    return {}


def _bare(function: str) -> str:
    """Return the name in *function*, a name or an ARN, perhaps with a version."""
    return function.rpartition(":function:")[2].partition(":")[0]


_OURS = ("shared/testing/", "shared/local/handler.py", "<frozen importlib", "importlib/__init__.py")


def _theirs(error: BaseException) -> str:
    """Return the traceback of *error* without the frames of what called the handler."""
    cause = error.__cause__ if isinstance(error, NotLoadedError) and error.__cause__ else error
    last: TracebackType | None = cause.__traceback__
    while last is not None and any(each in last.tb_frame.f_code.co_filename for each in _OURS):
        last = last.tb_next
    return "".join(traceback.format_exception(type(cause), cause, last)).rstrip()
