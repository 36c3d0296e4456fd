"""Runs Chalice's own deployer in this process, for one function at a time, against our clients.

Chalice's parts are wired here as its ``_create_deployer`` wires them, but three of them are ours:

- the graph builder knows the lane's names, and the zip of each function, so nothing is left to package;
- the sweeper deletes nothing, since ``deploy/plan.py`` finds by tag what is left over;
- the recorder writes nothing. State is what AWS says, and Chalice's file could be of another cloud.

It is quick, it changes neither ``os.environ`` nor ``sys.modules``, and a failure concerns one function.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.exceptions import WaiterError

from shared.deploy.chalice.large_code import LargeCodeClient
from shared.deploy.code import APP_DIR
from shared.deploy.guard import is_ours, lane_tags
from shared.deploy.resources import function
from shared.deploy.routines import ROUTINES
from shared.errors import LanesError
from shared.values import as_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shared.aws.client import Aws
    from shared.aws.settling.waiting import Sleep
    from shared.config.lane import Lane
    from shared.config.load import Project
    from shared.deploy.watch import RunRoutine, Watch
    from shared.packages.package import Package
    from shared.values import Json

_TAKEN = "already exist"  # Lambda API reference, CreateFunction, ResourceConflictException: "Function already exist"


def with_chalice(lane: Lane, project: Project, packages: Mapping[str, Package]) -> Mapping[str, RunRoutine]:
    """Return all routines, with the one that has Chalice deploy *lane*'s functions, each with its own of *packages*."""
    return {**ROUTINES, function.CHALICE_DEPLOY: ChaliceDeployer(lane, project.root / APP_DIR, packages)}


@dataclass(slots=True)
class ChaliceDeployer:
    """Deploys functions of *lane* from the Chalice project in *app_dir*, each with the package of its workflow.

    Chalice's client is made once for a plan, since it reads the addresses of all of AWS's services: half of the time
    that a small function takes.
    """

    lane: Lane
    app_dir: Path
    packages: Mapping[str, Package]
    _client: tuple[Aws, Sleep, Any] | None = field(default=None, init=False, repr=False)
    _making: Lock = field(default_factory=Lock, init=False, repr=False)

    def __call__(self, aws: Aws, params: Mapping[str, Json], watch: Watch) -> None:
        """Create or update the function whose key is ``params["function"]``.

        Raises:
            LanesError: Chalice or AWS refuses.
        """
        from chalice.deploy.deployer import ChaliceDeploymentError  # 0.3 s that only a deploy needs

        key = as_text(params["function"])
        name = self.lane.functions[key].name
        try:
            try:
                self._deploy(aws, key, watch.sleep)
            except ChaliceDeploymentError as error:
                # An earlier try of ours made it, and the answer was lost. It is there now, so Chalice updates it.
                if _TAKEN not in str(error.original_error) or not self._is_ours(aws, name):
                    raise
                self._deploy(aws, key, watch.sleep)
        except ChaliceDeploymentError as error:
            if isinstance(error.original_error, LanesError):
                raise error.original_error from error
            what = f"Chalice could not deploy {key}: {error.original_error}"
            raise LanesError(what, where=name, fix=_fix(str(error.original_error))) from error
        except WaiterError as error:  # Chalice waits until Lambda has taken the function, and says no more than this
            said = error.last_response
            what = f"Lambda could not take it: {function.failure(said) or error}"
            raise LanesError(what, where=name, fix=function.fix_of(said), again=True) from error

    def _deploy(self, aws: Aws, key: str, sleep: Sleep) -> None:
        config = self._config(key)
        with _QUIETLY:
            self._deployer(aws, sleep).deploy(config, chalice_stage_name=self.lane.team)

    def _is_ours(self, aws: Aws, name: str) -> bool:
        found = function.current(aws, name)
        return found is not None and is_ours(found.tags, lane_tags(self.lane))

    def _config(self, key: str) -> Any:
        from chalice.config import Config

        from shared.deploy.chalice.stage import make_app, render_config

        return Config(
            chalice_stage=self.lane.team,
            user_provided_params={"chalice_app": make_app(self.lane, [key])},
            config_from_disk=render_config([self.lane]),
            default_params={"project_dir": str(self.app_dir), "autogen_policy": False},
        )

    def _deployer(self, aws: Aws, sleep: Sleep) -> Any:
        from chalice.config import DeployedResources
        from chalice.deploy import deployer, executor, planner
        from chalice.deploy.appgraph import DependencyBuilder
        from chalice.utils import OSUtils

        from shared.deploy.chalice.names import named_graph_builder

        client = self._chalice_client(aws, sleep)
        osutils = OSUtils()
        return deployer.Deployer(
            application_builder=named_graph_builder(self.lane, lambda: self.packages),
            deps_builder=DependencyBuilder(),
            build_stage=deployer.BuildStage(steps=[deployer.InjectDefaults()]),
            plan_stage=planner.PlanStage(
                osutils=osutils, remote_state=planner.RemoteState(client, DeployedResources.empty())
            ),
            sweeper=_NoSweeper(),
            executor=executor.Executor(client, _Quiet()),
            recorder=deployer.NoopResultsRecorder(osutils),
        )

    def _chalice_client(self, aws: Aws, sleep: Sleep) -> Any:
        from chalice.awsclient import TypedAWSClient

        with self._making:
            if self._client is None or self._client[:2] != (aws, sleep):
                self._client = (aws, sleep, TypedAWSClient(_Session(aws, self.lane), sleep))
            return self._client[2]


def _fix(said: str) -> str | None:
    """Return what to do where Lambda refuses something because of the account, or None."""
    memory = re.search(r"memorysize.*less than or equal to (\d+)", said, re.IGNORECASE | re.DOTALL)
    if memory:
        return f"set memorySize to {memory[1]} or less: the account is new, and has no more until it asks AWS"
    return None


class _Quietly:
    """Chalice's own deprecations, on which no reader can act, are not told while anybody is in the block.

    Python's filters are the process's, so the first thread that comes in sets them, and the last one sets them back.
    """

    def __init__(self) -> None:
        self._lock, self._inside = Lock(), 0
        self._filters = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._filters = warnings.catch_warnings()
                self._filters.__enter__()
                warnings.simplefilter("ignore", DeprecationWarning)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._filters.__exit__(None, None, None)


_QUIETLY = _Quietly()


@dataclass(frozen=True, slots=True)
class _Session:
    """What Chalice's client asks of a botocore session. Here it gets our clients, with their endpoint and retries."""

    aws: Aws
    lane: Lane

    def create_client(self, service: str) -> object:
        return LargeCodeClient(self.aws, self.lane) if service == "lambda" else self.aws.client(service)


class _NoSweeper:
    def execute(self, plan: object, config: object) -> None:
        """Delete nothing: this run knows one function of many."""


class _Quiet:
    def write(self, text: str) -> None:
        """Say nothing: whoever carries the plan out tells its steps."""
