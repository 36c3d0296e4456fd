"""The one private seam of Chalice that the project leans on: what a function is called.

Chalice 1.34 calls every function ``{app}-{stage}-{function}`` in ``ApplicationGraphBuilder._create_lambda_model``,
and the app's name does not vary by stage. The model it returns is plain data, so the names are put in there.
``tests/contract/test_chalice_seam.py`` says when a new version moves it; the version is pinned exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalice.deploy.appgraph import ApplicationGraphBuilder

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.config.lane import Lane

_SEAM = "_create_lambda_model"


def named_graph_builder(lane: Lane) -> Any:
    """Return Chalice's graph builder, giving functions and log groups the lane's names."""
    named = type("NamedGraphBuilder", (ApplicationGraphBuilder,), {_SEAM: _renaming(lane, _original())})
    return named()


def install_names(lane: Lane) -> None:
    """Give the lane's names to whatever this process deploys: the ``chalice`` command builds its own builder."""
    setattr(ApplicationGraphBuilder, _SEAM, _renaming(lane, _original()))


def _original() -> Callable[..., Any]:
    make: Callable[..., Any] = getattr(ApplicationGraphBuilder, _SEAM)
    return make


def _renaming(lane: Lane, make: Callable[..., Any]) -> Callable[..., Any]:
    def create_lambda_model(builder: Any, config: Any, deployment: Any, name: str, *rest: Any, **named: Any) -> Any:
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
