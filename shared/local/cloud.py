"""The embedded cloud: moto on a loopback port, with a real Lambda runtime and Step Functions engine plugged in.

It lives in the process that starts it. moto keeps its state in module globals, so a process has at most one cloud.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import threading
import time
from typing import TYPE_CHECKING, NamedTuple, Self

from shared.config.cloud_bounds import CloudBounds
from shared.errors import LanesError
from shared.local.capacity import raise_soft_limits
from shared.local.door.app import Door, Threshold
from shared.local.door.callers import Keyring
from shared.local.door.failing import Failing
from shared.local.door.sessions import Issuer, new_owner_key
from shared.local.keeping.folder import own
from shared.local.state import State, private_folder, scratch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path
    from wsgiref.types import WSGIApplication

    from shared.aws.access_key import AccessKey
    from shared.config.lane import Place
    from shared.fmi.rendezvous.keys import TeamKeys
    from shared.local.asl.engine import Engine
    from shared.local.capacity import Capacity
    from shared.local.enforcement.gate import Gate
    from shared.local.enforcement.judge import Judge
    from shared.local.keeping.keeper import Keeper
    from shared.local.lambda_runtime import LambdaRuntime
    from shared.local.ledger import Ledger
    from shared.local.objects.contents import Contents
    from shared.local.pacing.account import Account
    from shared.local.registry import Store
    from shared.local.requests import Requests
    from shared.local.storage import Storage
    from shared.local.triggers.running import Triggers

_one = threading.Lock()  # held while this process has a cloud


class EmbeddedCloud:
    """A cloud for as long as the ``with`` block lasts.

    Args:
        place: The account and region that it plays.
        state_dir: The folder for its scratch files (``.lanes`` in a project). They are removed afterwards.
        port: The loopback port, 0 for any free one.
        speed: The factor by which Wait states, retry delays and the time between schedules are shortened.
        persist: Begin with what such a cloud held, and keep what is in it (:mod:`shared.local.keeping`).
        any_key: Treat a caller who signs with an unknown key, and a role that such a caller names, as the owner.
        bounds: How much it keeps on disk.
        account: What paces it as an account on AWS (:mod:`shared.local.pacing`); None to go as fast as it can.

    Attributes:
        key: The account owner's key, to sign requests with. It is a new one each time.
        storage: What it keeps on disk, once it has begun.
        contents: What S3's objects hold, likewise.
        carries: How many functions it runs at once, once it has begun.

    Raises:
        LanesError: The port is taken, the disk is full, or this process has a cloud already.
    """

    def __init__(  # noqa: PLR0913  settings of one cloud, of which most callers change none
        self,
        place: Place,
        state_dir: Path,
        *,
        port: int = 0,
        speed: float = 1.0,
        persist: bool = False,
        any_key: bool = False,
        bounds: CloudBounds | None = None,
        account: Account | None = None,
    ) -> None:
        self.place = place
        self.key = new_owner_key()
        self.endpoint = ""
        self.storage: Storage
        self.contents: Contents
        self.carries: Capacity
        self._state_dir = state_dir
        self._port = port
        self._speed = speed
        self._persist = persist
        self._any_key = any_key
        self._bounds = bounds or CloudBounds()
        self._account = account
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

        So the callers end first; then the workers, so that no execution waits for one; then the engine, then the files.
        """
        parts.enter_context(moto_environment(self.place.account))
        from shared.local import logs, registry
        from shared.local.enforcement.callers import actor_in
        from shared.local.objects import plug as objects
        from shared.local.postgres import offered
        from shared.local.server import MotoServer
        from shared.local.storage import Storage

        raise_soft_limits()
        private_folder(self._state_dir)
        folder = parts.enter_context(scratch(State(self._state_dir).scratch))
        self.storage = Storage(self._data(folder), self._persist, self._bounds)
        if self._persist:
            own(State(self._state_dir).kept, self.storage.path)
        self.contents = parts.enter_context(objects.install(self.storage))
        keeper = self._new_keeper()
        iam = self._iam()
        parts.enter_context(_moto_like_aws(iam))
        log_room = parts.enter_context(logs.install(self.storage))
        parts.callback(self.contents.close)  # before moto's tables are emptied: the files of a kept cloud stay
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        parts.enter_context(offered(folder))
        images, passwords = registry.Store(folder / "registry"), registry.Passwords()
        asked_for = contextlib.ExitStack()  # what is put in before the first request to its service
        server = parts.enter_context(
            MotoServer(
                self._port,
                lambda moto: Threshold(
                    Failing(
                        registry.RegistryApp(images, passwords, iam.gate.why_not).in_front_of(
                            self._door(keeper.around(moto) if keeper else moto, iam)
                        ),
                        self._state_dir,
                    )
                ),
                {
                    "ecs": lambda: asked_for.enter_context(_fargate(iam.gate)),
                    "cloudformation": lambda: asked_for.enter_context(_stacks(iam, server.endpoint)),
                },
            )
        )
        parts.enter_context(registry.install(images, passwords, server.endpoint, actor_in))
        life = parts.enter_context(self._functions_and_machines(iam, folder, images, server.endpoint, keeper))
        log_room.settle()
        self.contents.sweep()  # what an earlier cloud left and nothing of what was kept refers to
        parts.enter_context(asked_for)
        parts.callback(server.stop)
        server.start()
        self.endpoint, self.application = server.endpoint, server.application
        parts.callback(life.halt)  # before anything ends that functions and machines use
        # Python need not look for garbage in what is loaded by now: that takes 0.3 s, in which nothing else runs.
        gc.freeze()
        parts.callback(gc.unfreeze)
        life.begin()

    def _data(self, scratch_folder: Path) -> Path:
        """Return the folder of what the cloud keeps on disk."""
        return (State(self._state_dir).kept if self._persist else scratch_folder) / "data"

    def _new_keeper(self) -> Keeper | None:
        from shared.local.keeping.keeper import Keeper

        if not self._persist:
            return None
        self.contents.hold()  # if this cloud is killed, the next one needs what there was at the last commit
        return Keeper(State(self._state_dir).kept, self.storage, self.contents)

    def _iam(self) -> _Iam:
        from shared.local.enforcement.gate import Gate
        from shared.local.enforcement.judge import Judge
        from shared.local.enforcement.strangers import Strangers
        from shared.local.requests import Requests

        judge = Judge(self.place.account, strangers=Strangers() if self._any_key else None)
        return _Iam(Issuer(self.key), judge, Gate(judge, self.place.account), Requests())

    def _door(self, moto: WSGIApplication, iam: _Iam) -> WSGIApplication:
        """Return what stands before *moto*: the door, and behind it IAM's decisions."""
        from shared.local.door import identity
        from shared.local.enforcement.app import Enforcement
        from shared.local.enforcement.facts import MotoFacts
        from shared.local.trail import Trail

        account = self.place.account
        if self._account is not None:
            from shared.local.pacing.app import Paced

            moto = Paced(moto, self._account)
        trail = Trail(account, time.time)
        cloud = Enforcement(moto, iam.judge, account, MotoFacts(account), trail=trail, requests=iam.requests)
        keyring = Keyring(
            iam.issuer, account, time.time, lambda key_id: identity.user_key(account, key_id), iam.judge.since
        )
        return Door(cloud, keyring, time.time, account, any_key=self._any_key)

    @contextlib.contextmanager
    def _functions_and_machines(
        self, iam: _Iam, folder: Path, images: Store, endpoint: str, keeper: Keeper | None
    ) -> Iterator[_Life]:
        """Run functions and state machines while the block lasts; the functions end before the machines."""
        from shared.local import lambda_runtime
        from shared.local.asl import plug as engine
        from shared.local.asl.services import Services
        from shared.local.ledger import NoLedger
        from shared.local.rendezvous import LocalRendezvous
        from shared.local.triggers.running import Triggers

        ledger: Callable[[str], Ledger] = keeper.ledger if keeper else lambda _: NoLedger()
        with LocalRendezvous(keys=lambda: _keys(self.place, endpoint, self.key)) as meeting:
            services = Services(endpoint, iam.issuer, since=iam.judge.since)
            runtime = lambda_runtime.LambdaRuntime(
                folder,
                lambda: endpoint,
                rendezvous=meeting.endpoint,
                logs=lambda_runtime.MotoLogs(iam.gate.may),
                issuer=iam.issuer,
                end=lambda_runtime.Destinations(services.client),
                idle_minutes=self._bounds.idle_minutes,
                ledger=ledger("lambda events"),
                account=self._account,
                requests=iam.requests,
            )
            self.carries = runtime.carries
            invoke = lambda_runtime.invoker(runtime, self.place.account, self.place.region)
            # Twice: a call may wait for an environment, and none that has one must wait for a thread.
            with engine.install(
                invoke,
                services,
                storage=self.storage,
                speed=self._speed,
                together=2 * runtime.together,
                account=self._account,
            ) as plug:
                plug.engine.enforce(iam.gate.permit, iam.gate.delivers)
                plug.engine.send_events_with(lambda_runtime.sender(runtime, self.place.account, self.place.region))
                triggers = Triggers(invoke, services, iam.gate, speed=self._speed, ledger=ledger)
                plug.engine.announce_to(triggers.announce)
                with (
                    _kept(keeper, plug.engine),
                    triggers.install(),
                    runtime,
                    lambda_runtime.install(runtime),
                    lambda_runtime.install_images(images),
                    lambda_runtime.install_limits(),
                ):
                    yield _life(keeper, triggers, runtime)


@contextlib.contextmanager
def _kept(keeper: Keeper | None, engine: Engine) -> Iterator[None]:
    """Fill the cloud with what was kept, and write what is left when nothing runs in it any more."""
    if keeper is None:
        yield
        return
    with contextlib.closing(keeper):
        keeper.load(engine)
        try:
            yield
        finally:
            engine.close()


def _life(keeper: Keeper | None, triggers: Triggers, runtime: LambdaRuntime) -> _Life:
    if keeper is None:
        return _Life(lambda: None, triggers.stop)

    def begin() -> None:
        keeper.go_on()
        triggers.go_on()
        runtime.go_on()

    def halt() -> None:
        triggers.stop()
        keeper.halt()

    return _Life(begin, halt)


class _Life(NamedTuple):
    """What a cloud does when it answers for the first time, and before it ends."""

    begin: Callable[[], None]
    halt: Callable[[], None]


class _Iam(NamedTuple):
    """Who may do what, and does: the maker of credentials, the judge, the gate for callers here, the count of calls."""

    issuer: Issuer
    judge: Judge
    gate: Gate
    requests: Requests


@contextlib.contextmanager
def _moto_like_aws(iam: _Iam) -> Iterator[None]:
    """Have moto do what AWS does, and empty its tables at the end of the block."""
    from moto.core.base_backend import BackendDict  # 0.3 s that only a cloud needs

    from shared.local import dynamodb
    from shared.local.calls.followed import calls_followed
    from shared.local.corrections.corrected import moto_corrected
    from shared.local.door import identity
    from shared.local.enforcement import deliveries, function_roles, trust

    with (
        identity.install(iam.issuer),
        moto_corrected(),
        dynamodb.install(),
        trust.install(iam.gate),
        deliveries.install(iam.gate),
        function_roles.install(iam.gate),
        calls_followed(),
    ):
        try:
            yield
        finally:
            BackendDict.reset()


def _keys(place: Place, endpoint: str, key: AccessKey) -> TeamKeys:
    """Return the keys of this cloud's rendezvous, made from the account's master key as those of its teams are."""
    from shared.aws.client import connect_endpoint  # boto3 takes 0.2 s that only ranks need
    from shared.deploy.rendezvous_keys import make_master
    from shared.fmi.rendezvous.keys import TeamKeys

    return TeamKeys(make_master(connect_endpoint(place, endpoint, key)))


def _fargate(gate: Gate) -> AbstractContextManager[None]:
    from shared.local import fargate  # moto's EC2, which comes with it, takes 0.7 s to import

    return fargate.install(gate.assumes, gate.permit)


def _stacks(iam: _Iam, endpoint: str) -> AbstractContextManager[None]:
    from shared.local.door.identity import user_key
    from shared.local.stacks import plug as stacks  # moto's takes 1.5 s: it imports thirty services
    from shared.local.stacks.rights import Rights

    return stacks.install(Rights(lambda: endpoint, iam.issuer, user_key, iam.gate.assumes))


@contextlib.contextmanager
def moto_environment(account: str) -> Iterator[None]:
    """Make moto answer as *account* whatever the credentials of a request, and hide the user's AWS profile from it.

    moto makes a boto3 session when it is imported, which fails if the profile does not exist.
    """
    names = ("MOTO_ACCOUNT_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    os.environ["MOTO_ACCOUNT_ID"] = account
    try:
        yield
    finally:
        del os.environ["MOTO_ACCOUNT_ID"]
        os.environ.update(before)
