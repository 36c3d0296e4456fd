"""The embedded cloud: moto on a loopback port, with a real Lambda runtime and Step Functions engine plugged in.

It lives in the process that starts it, and moto keeps its state in module globals: one cloud a process.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Self

from shared.errors import LanesError
from shared.local.door.app import Door, Threshold
from shared.local.door.callers import Keyring
from shared.local.door.sessions import Issuer, new_owner_key
from shared.local.state import State, private_folder, scratch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from shared.aws.access_key import AccessKey
    from shared.config.lane import Place
    from shared.fmi.rendezvous.keys import TeamKeys
    from shared.local.door.app import WsgiApp
    from shared.local.enforcement.gate import Gate
    from shared.local.enforcement.judge import Judge
    from shared.local.lambda_runtime import Invocation, LambdaRuntime

_one = threading.Lock()


class EmbeddedCloud:
    """A cloud for as long as the ``with`` block lasts.

    Args:
        place: The account and region it pretends to be.
        state_dir: Where its scratch files go; they are gone afterwards (``.lanes`` in a project).
        port: The loopback port, 0 for any free one.
        speed: By how much Wait states and retry delays are shortened.
        any_key: Let in who signs with whatever key, as the account's owner; so are roles that such callers name.

    Attributes:
        key: The account owner's, to sign requests with; a new one each time.

    Raises:
        LanesError: The port is taken, the disk is full, or this process has a cloud already.
    """

    def __init__(
        self,
        place: Place,
        state_dir: Path,
        *,
        port: int = 0,
        speed: float = 1.0,
        any_key: bool = False,
    ) -> None:
        self.place = place
        self.key = new_owner_key()
        self.endpoint = ""
        self._state_dir = state_dir
        self._port = port
        self._speed = speed
        self._any_key = any_key
        self._parts = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as parts:
            if not _one.acquire(blocking=False):
                raise LanesError("this process has an embedded cloud already", fix="use its endpoint")
            parts.callback(_one.release)
            self._start(parts)
            self._parts = parts.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._parts.close()

    def _start(self, parts: contextlib.ExitStack) -> None:
        """Start every part; *parts* ends them in the opposite order.

        Callers first, then the workers, so that no execution waits for one, then the engine, then the files.
        """
        parts.enter_context(_environment(self.place.account))
        from moto.core.base_backend import BackendDict  # 0.3 s that only a cloud needs

        from shared.local import lambda_runtime, registry
        from shared.local.asl import plug as engine
        from shared.local.asl.services import Services
        from shared.local.calls.followed import calls_followed
        from shared.local.corrections.corrected import moto_corrected
        from shared.local.door import identity
        from shared.local.enforcement import deliveries, trust
        from shared.local.enforcement.callers import actor_in
        from shared.local.enforcement.gate import Gate
        from shared.local.enforcement.judge import Judge
        from shared.local.enforcement.strangers import Strangers
        from shared.local.postgres import offered
        from shared.local.rendezvous import LocalRendezvous
        from shared.local.server import MotoServer

        private_folder(self._state_dir)
        folder = parts.enter_context(scratch(State(self._state_dir).scratch))
        issuer = Issuer(self.key)
        parts.enter_context(identity.install(issuer))
        judge = Judge(self.place.account, strangers=Strangers() if self._any_key else None)
        gate = Gate(judge, self.place.account)
        parts.enter_context(moto_corrected())
        parts.enter_context(trust.install(gate))
        parts.enter_context(deliveries.install(gate))
        parts.enter_context(calls_followed())
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        parts.callback(BackendDict.reset)
        parts.enter_context(offered(folder))
        images, passwords = registry.Store(folder / "registry"), registry.Passwords()
        fleet = contextlib.ExitStack()
        server = parts.enter_context(
            MotoServer(
                self._port,
                lambda moto: Threshold(
                    registry.RegistryApp(images, passwords, gate.why_not).in_front_of(self._door(moto, issuer, judge))
                ),
                {"ecs": lambda: fleet.enter_context(_fargate(gate))},
            )
        )
        parts.enter_context(registry.install(images, passwords, server.endpoint, actor_in))
        meeting = parts.enter_context(LocalRendezvous(keys=lambda: _keys(self.place, server.endpoint, self.key)))
        runtime = lambda_runtime.LambdaRuntime(
            folder,
            lambda: server.endpoint,
            rendezvous=meeting.endpoint,
            logs=lambda_runtime.MotoLogs(gate.may),
            issuer=issuer,
        )
        plug = parts.enter_context(
            engine.install(
                _invoker(runtime, self.place),
                Services(server.endpoint, issuer, since=judge.since),
                speed=self._speed,
            )
        )
        plug.engine.enforce(gate.permit, gate.delivers)
        parts.enter_context(runtime)
        parts.enter_context(lambda_runtime.install(runtime))
        parts.enter_context(lambda_runtime.install_images(images))
        parts.enter_context(lambda_runtime.install_limits())
        parts.enter_context(fleet)
        parts.callback(server.stop)
        server.start()
        self.endpoint = server.endpoint

    def _door(self, moto: WsgiApp, issuer: Issuer, judge: Judge) -> WsgiApp:
        from shared.local.door import identity
        from shared.local.enforcement.app import Enforcement
        from shared.local.enforcement.facts import MotoFacts

        account = self.place.account
        cloud = Enforcement(moto, judge, account, MotoFacts(account))
        keyring = Keyring(issuer, account, time.time, lambda key_id: identity.user_key(account, key_id), judge.since)
        return Door(cloud, keyring, time.time, account, any_key=self._any_key)


def _keys(place: Place, endpoint: str, key: AccessKey) -> TeamKeys:
    """Return the keys of this cloud's rendezvous: those of the account's master, as its teams' are."""
    from shared.aws.client import connect_endpoint  # boto3 takes 0.2 s that only ranks need
    from shared.deploy.rendezvous_keys import make_master
    from shared.fmi.rendezvous.keys import TeamKeys

    return TeamKeys(make_master(connect_endpoint(place, endpoint, key)))


def _fargate(gate: Gate) -> AbstractContextManager[None]:
    from shared.local import fargate  # moto's EC2, which comes with it, takes 0.7 s to import

    return fargate.install(gate.assumes, gate.permit)


def _invoker(runtime: LambdaRuntime, place: Place) -> Callable[[str, bytes], Invocation]:
    """Return what the engine calls functions with: in process, for the way over HTTP takes ten times as long."""
    from moto.awslambda.utils import get_backend  # 0.1 s that only a cloud needs

    from shared.local.lambda_runtime.plug import spec_of

    def invoke(function: str, payload: bytes) -> Invocation:
        region = function.split(":")[3] if function.startswith("arn:") else place.region
        return runtime.invoke(spec_of(get_backend(place.account, region).get_function(function)), payload)

    return invoke


@contextlib.contextmanager
def _environment(account: str) -> Iterator[None]:
    """Make moto answer as *account*, whatever the credentials of a request, and look for no AWS profile of the user's.

    moto makes a boto3 session as it is imported, which fails where the profile is not there.
    """
    names = ("MOTO_ACCOUNT_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    os.environ["MOTO_ACCOUNT_ID"] = account
    try:
        yield
    finally:
        del os.environ["MOTO_ACCOUNT_ID"]
        os.environ.update(before)
