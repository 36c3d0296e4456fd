"""Plugging the engine into moto: one call that takes effect for every account and region, and one that undoes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

from moto.core.responses import ActionResult
from moto.stepfunctions import responses
from moto.stepfunctions.models import StepFunctionBackend
from moto.stepfunctions.models import stepfunctions_backends as backends

from shared.local.asl.api import ACTIONS
from shared.local.asl.backend import AslBackend
from shared.local.asl.engine import Engine
from shared.local.asl.scheduler import WORKERS, ThreadScheduler
from shared.local.asl.services import Services

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from shared.local.asl.api import Action
    from shared.local.asl.engine import InvokeLambda
    from shared.local.asl.execution import Execution
    from shared.local.asl.scheduler import Scheduler
    from shared.local.door.sessions import Issuer

_ABSENT = object()


class Plug:
    """The engine in its socket; :meth:`close` pulls it out, and no thread of it is left then."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._before: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def plug_in(self) -> None:
        """Put our backend and actions where moto looks for its own."""
        engine = self.engine
        backend = type("AslBackend", (AslBackend,), {"engine": engine, "__module__": AslBackend.__module__})
        backends.clear()
        backends.backend = backend
        self._before["get_backend"] = responses.get_backend
        responses.get_backend = lambda account, region: backends[account][region]
        for name, action in ACTIONS.items():
            self._before[name] = responses.StepFunctionResponse.__dict__.get(name, _ABSENT)
            setattr(responses.StepFunctionResponse, name, _method(action))

        def start(arn: str, name: str, text: str) -> Execution:
            _, _, _, region, account, *_ = arn.split(":")
            execution: Execution = backends[account][region].start_execution(arn, name, text)
            return execution

        engine.start_machine = start
        engine.activities.exists = lambda arn: arn in backends[arn.split(":")[4]][arn.split(":")[3]].activities

    def close(self) -> None:
        """Stop the engine and give moto its own back."""
        self.engine.close()
        if not self._before:
            return
        backends.clear()
        backends.backend = StepFunctionBackend
        responses.get_backend = self._before.pop("get_backend")
        for name, action in self._before.items():
            if action is _ABSENT:
                delattr(responses.StepFunctionResponse, name)
            else:
                setattr(responses.StepFunctionResponse, name, action)
        self._before.clear()


def _method(action: Action) -> Callable[[Any], ActionResult]:
    """Return *action* as a method of moto's response class."""

    def method(response: Any) -> ActionResult:
        answer = action(response.stepfunction_backend, json.loads(response.body or "{}"))
        return ActionResult(answer or {})

    return method


def install(  # noqa: PLR0913  all but two are for rehearsals and tests
    invoke_lambda: InvokeLambda,
    endpoint: str,
    *,
    speed: float = 1.0,
    workers: int = WORKERS,
    scheduler: Scheduler | None = None,
    random: Random | None = None,
    issuer: Issuer | None = None,
) -> Plug:
    """Put the engine behind moto's Step Functions API, for this process.

    Args:
        invoke_lambda: Invokes a function by name or ARN with a payload; returns ``payload`` and ``function_error``.
        endpoint: The URL of the embedded cloud, where tasks call every other service.
        speed: By how much Wait states and retry delays are shortened: 60 makes a minute a second.
        workers: How many tasks may block at a time.
        scheduler: Time and threads, for a test; by default real ones.
        random: The random source, for a test; by default the system's.
        issuer: Gives tasks the credentials of their machine's role; a cloud without a door, in a test, needs none.

    Returns:
        The plug; close it (or leave its ``with`` block) after the server has stopped.
    """
    services = Services(endpoint, issuer)
    engine = Engine(scheduler or ThreadScheduler(workers), invoke_lambda, services, random=random, speed=speed)
    plug = Plug(engine)
    plug.plug_in()
    return plug
