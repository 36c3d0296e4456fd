"""The one private method of Chalice that the project replaces: it says what a function is called, and what it runs on.

Chalice 1.34 calls every function ``{app}-{stage}-{function}`` in ``ApplicationGraphBuilder._create_lambda_model``,
and the app's name is the same in all stages. It gives all functions one deployment package, which it then makes. The
model that the method returns is plain data, so our names are put in there, and a package that is made already. So are
the function's runtime, architecture, layers and network: of these, Chalice's own configuration knows the first two for
a whole stage only. What the model has no place for is set after Chalice (``deploy/resources/function.py``).
Chalice's version is pinned exactly, and ``tests/contract/test_chalice_seam.py`` fails when a new version moves this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from chalice.deploy.appgraph import ApplicationGraphBuilder
from chalice.deploy.models import DeploymentPackage

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.config.lane import Lane
    from shared.packages.package import Package

    Packages = Callable[[], Mapping[str, Package]]

_SEAM = "_create_lambda_model"


class _Config(Protocol):
    """What is read of Chalice's configuration."""

    chalice_stage: str


class _LogGroup(Protocol):
    log_group_name: str


class _Model(Protocol):
    """What is changed of Chalice's model of a function."""

    function_name: str
    runtime: str
    architecture: str
    layers: list[str]
    subnet_ids: list[str]
    security_group_ids: list[str]
    log_group: _LogGroup | None
    deployment_package: object


def named_graph_builder(lane: Lane, packages: Packages) -> object:
    """Return Chalice's graph builder, giving functions and log groups the lane's names, and functions their packages.

    Args:
        lane: Whose functions.
        packages: Returns the package of each workflow, by its key.
    """
    named = type("NamedGraphBuilder", (ApplicationGraphBuilder,), {_SEAM: _renaming(lane, packages, _original())})
    return named()


def install_names(lane: Lane, packages: Packages) -> None:
    """Do the same for all that this process deploys, for the ``chalice`` command makes its own builder.

    *packages* is called when there is a function to be deployed.
    """
    setattr(ApplicationGraphBuilder, _SEAM, _renaming(lane, packages, _original()))


def _original() -> Callable[..., _Model]:
    make: Callable[..., _Model] = getattr(ApplicationGraphBuilder, _SEAM)
    return make


def _renaming(lane: Lane, packages: Packages, make: Callable[..., _Model]) -> Callable[..., _Model]:
    def create_lambda_model(
        builder: object, config: _Config, deployment: object, name: str, *rest: object, **named: object
    ) -> _Model:
        if config.chalice_stage != lane.team:
            raise LanesError(f"stage {config.chalice_stage} is not team {lane.team}", fix="use the team as the stage")
        model = make(builder, config, deployment, name, *rest, **named)
        function = lane.functions[name]
        model.function_name = function.name
        model.runtime = function.runtime  # Chalice's is this machine's own
        model.architecture = function.architecture
        # Chalice sends these lists even when they are empty, which takes away what a function had.
        model.layers = list(function.layers)
        model.subnet_ids = list(function.vpc.subnets) if function.vpc else []
        model.security_group_ids = list(function.vpc.security_groups) if function.vpc else []
        model.deployment_package = DeploymentPackage(filename=str(packages()[function.workflow].path))
        if model.log_group is not None:
            model.log_group.log_group_name = function.log_group
        return model

    return create_lambda_model
