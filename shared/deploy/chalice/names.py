"""The one private method of Chalice that the project replaces: it says what a function is called.

Chalice 1.34 calls every function ``{app}-{stage}-{function}`` in ``ApplicationGraphBuilder._create_lambda_model``,
and the app's name is the same in all stages. The model that it returns is plain data, so our names are put in there.
Chalice's version is pinned exactly, and ``tests/contract/test_chalice_seam.py`` fails when a new version moves this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from chalice.deploy.appgraph import ApplicationGraphBuilder

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.config.lane import Lane

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
    log_group: _LogGroup | None


def named_graph_builder(lane: Lane) -> object:
    """Return Chalice's graph builder, giving functions and log groups the lane's names."""
    named = type("NamedGraphBuilder", (ApplicationGraphBuilder,), {_SEAM: _renaming(lane, _original())})
    return named()


def install_names(lane: Lane) -> None:
    """Give the lane's names to all that this process deploys, for the ``chalice`` command makes its own builder."""
    setattr(ApplicationGraphBuilder, _SEAM, _renaming(lane, _original()))


def _original() -> Callable[..., _Model]:
    make: Callable[..., _Model] = getattr(ApplicationGraphBuilder, _SEAM)
    return make


def _renaming(lane: Lane, make: Callable[..., _Model]) -> Callable[..., _Model]:
    def create_lambda_model(
        builder: object, config: _Config, deployment: object, name: str, *rest: object, **named: object
    ) -> _Model:
        if config.chalice_stage != lane.team:
            raise LanesError(f"stage {config.chalice_stage} is not team {lane.team}", fix="use the team as the stage")
        model = make(builder, config, deployment, name, *rest, **named)
        function = lane.functions[name]
        model.function_name = function.name
        model.runtime = lane.runtime  # Chalice's is this machine's own
        if model.log_group is not None:
            model.log_group.log_group_name = function.log_group
        return model

    return create_lambda_model
