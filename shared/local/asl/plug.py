"""Putting the engine behind moto's API: one call does it for every account and region, and one undoes it."""

from __future__ import annotations

import json
from contextlib import ExitStack
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol, Self

from moto.core.responses import ActionResult
from moto.core.utils import get_service_model
from moto.stepfunctions import responses
from moto.stepfunctions.models import StepFunctionBackend
from moto.stepfunctions.models import stepfunctions_backends as backends

from shared.local.asl.api import ACTIONS
from shared.local.asl.api.members import read_request
from shared.local.asl.arns import machine_arn
from shared.local.asl.backend import AslBackend
from shared.local.asl.engine import REMEMBERED, Engine
from shared.local.asl.refusals import no_machine
from shared.local.asl.runs.opened import open_runs, scratch_runs
from shared.local.asl.scheduler import ThreadScheduler
from shared.local.asl.wire import written
from shared.local.seams import Seam, plugged, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from moto.core.base_backend import BaseBackend
    from moto.core.common_types import TYPE_RESPONSE
    from moto.core.responses import ActionContext, BaseResponse

    from shared.local.asl.api import Action
    from shared.local.asl.engine import InvokeLambda
    from shared.local.asl.execution import Execution
    from shared.local.asl.services import Services
    from shared.local.pacing.account import Account
    from shared.local.storage import Storage


_UNKNOWN = "UnknownOperationException"
_TRACE = "X-Amzn-Trace-Id"
_TRACED = ("StartExecution", "StartSyncExecution")


class Plug:
    """The engine behind moto's API until :meth:`close`, after which no thread of it is left."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def plug_in(self) -> None:
        """Put our backend and our actions where moto looks for its own."""
        engine = self.engine
        backend = type("AslBackend", (AslBackend,), {"engine": engine, "__module__": AslBackend.__module__})
        self._undo.callback(_make_backends_of, StepFunctionBackend)
        _make_backends_of(backend)
        seams = [replacing(responses, "get_backend", lambda account, region: backends[account][region])]
        for name, action in ACTIONS.items():
            seams.append(replacing(responses.StepFunctionResponse, name, _method(name, action)))
        seams.append(Seam(responses.StepFunctionResponse, "call_action", _knowing_actions))
        self._undo.enter_context(plugged(seams))

        engine.start_machines_with(_start_machine)
        engine.activities.check_with(lambda arn: arn in _backend_of(arn).activities)

    def close(self) -> None:
        """Stop the engine and give moto its own back."""
        self.engine.close()
        self._undo.close()


def _make_backends_of(kind: type[BaseBackend]) -> None:
    """Forget every backend, and make those that are asked for from now on of *kind*."""
    backends.clear()
    backends.backend = kind


def _start_machine(arn: str, name: str, text: str) -> Execution:
    try:
        backend = _backend_of(machine_arn(arn).text)
    except KeyError:
        raise no_machine(arn) from None  # its region does not exist either
    return backend.start_execution(arn, name, text)


def _backend_of(arn: str) -> AslBackend:
    """Return the backend of the account and region that *arn* names."""
    _, _, _, region, account, *_ = arn.split(":")
    backend: AslBackend = backends[account][region]
    return backend


def _knowing_actions(original: Callable[[BaseResponse], TYPE_RESPONSE]) -> Callable[[BaseResponse], TYPE_RESPONSE]:
    """Wrap moto's choice of the action, which breaks off at one that the API does not have."""
    names = frozenset(get_service_model("stepfunctions").operation_names)

    def call_action(response: BaseResponse) -> TYPE_RESPONSE:
        if response._get_action() in names:  # noqa: SLF001  moto has no public way
            return original(response)
        headers = {"Content-Type": "application/x-amz-json-1.0", "x-amzn-ErrorType": _UNKNOWN}
        return HTTPStatus.BAD_REQUEST, headers, json.dumps({"__type": _UNKNOWN})

    return call_action


class _Answer(ActionResult):
    """An answer that is written here, and not by moto's serializer."""

    def __init__(self, answer: Mapping[str, object]) -> None:
        super().__init__(answer)
        self._answer = answer

    def execute_result(self, context: ActionContext) -> TYPE_RESPONSE:
        """Return status, headers and body."""
        headers = {"Content-Type": "application/x-amz-json-1.0"}
        return HTTPStatus.OK, headers, written(self._answer, context.operation_model)


class _Response(Protocol):
    """moto's response object, as far as an action needs it."""

    body: str
    headers: Mapping[str, str]

    @property
    def stepfunction_backend(self) -> AslBackend:
        """The backend of the account and region of the request."""


def _method(name: str, action: Action) -> Callable[[_Response], ActionResult]:
    """Return *action* as the method *name* of moto's response class."""
    operation = name.title().replace("_", "")

    def method(response: _Response) -> ActionResult:
        params = read_request(operation, response.body)
        trace = response.headers.get(_TRACE)
        if trace and operation in _TRACED:  # AWS prefers it to the member
            params["traceHeader"] = trace
        return _Answer(action(response.stepfunction_backend, params) or {})

    return method


def install(  # noqa: PLR0913  parts of one engine, of which most callers give two
    invoke_lambda: InvokeLambda,
    services: Services,
    *,
    storage: Storage | None = None,
    speed: float = 1.0,
    together: int = 0,
    account: Account | None = None,
) -> Plug:
    """Put the engine behind moto's Step Functions API, for this process.

    Args:
        invoke_lambda: Invokes a function by name or ARN with a payload.
        services: Clients of every other service, which tasks call.
        storage: The disk for executions that have ended, which leave memory then; without one they go to a scratch
            folder, and children of Map runs stay in memory as well.
        speed: How many times Wait states and retry delays are shortened: 60 makes a minute a second.
        together: About how many calls may wait at once, for functions and all else.
        account: What paces executions, states and children of Maps; None for nothing.

    Returns:
        The plug; close it (or leave its ``with`` block) after the server has stopped.
    """
    scheduler = ThreadScheduler(together)
    runs, remembers = scratch_runs(scheduler.now), REMEMBERED
    if storage is not None:
        runs, remembers = open_runs(storage, scheduler.now), 0
    plug = Plug(
        Engine(scheduler, invoke_lambda, services, speed=speed, runs=runs, remembers=remembers, account=account)
    )
    plug.plug_in()
    return plug
