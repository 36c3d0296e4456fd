"""A team as a Chalice stage: its configuration and its app. One stage for each team, always.

Two teams on one stage would delete each other's functions. Functions that are images are in no stage, because Chalice
has no container images and would make them from the zip. The rendered configuration is committed
(``chalice_app/.chalice/config.json``, by ``lanes render``), so that ``chalice deploy --stage team2`` works as typed.
"""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING

from chalice import Blueprint, Chalice

from shared.deploy.code import APP_DIR
from shared.deploy.guard import lane_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from shared.config.lane import Function, Lane
    from shared.config.load import Project
    from shared.values import Json

APP_NAME = "teamlanes"
_NO_ROLE = "every-function-names-its-own"


def render_config(lanes: Iterable[Lane]) -> dict[str, Json]:
    """Return Chalice's whole configuration. Chalice makes no roles: the configuration names those that are there."""
    return {
        "version": "2.0",
        "app_name": APP_NAME,
        "manage_iam_role": False,
        "autogen_policy": False,
        "stages": {lane.team: _stage(lane) for lane in sorted(lanes, key=lambda lane: lane.team)},
    }


def write_config(project: Project) -> None:
    """Write the configuration for all teams of *project*."""
    path = config_path(project)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_text(project), encoding="utf-8")


def config_is_fresh(project: Project) -> bool:
    """Say whether the file holds what the teams' files say now."""
    path = config_path(project)
    return path.exists() and path.read_text(encoding="utf-8") == _text(project)


def config_path(project: Project) -> Path:
    """Return where Chalice looks for its configuration."""
    return project.root / APP_DIR / ".chalice" / "config.json"


def _text(project: Project) -> str:
    return json.dumps(render_config(project.teams.values()), indent=2) + "\n"


def zipped(lane: Lane) -> tuple[str, ...]:
    """Return the keys of the functions that Chalice deploys: those that run from the zip."""
    return tuple(key for key, function in lane.functions.items() if not function.image)


def make_app(lane: Lane, keys: Iterable[str]) -> Chalice:
    """Return an app with the functions called *keys*, each a blueprint named after its handler's module.

    Lambda then resolves ``shared.handlers.cosmic.inference.handler`` by itself: a cold start imports neither
    ``app.py`` nor Chalice, and deploying imports no handler and none of its libraries.
    """
    app = Chalice(app_name=APP_NAME, configure_logs=False)
    for key in keys:
        function = lane.functions[key]
        module, _, name = function.handler.rpartition(".")
        blueprint = Blueprint(module)
        blueprint.lambda_function(name=key)(_late(module, name))
        app.register_blueprint(blueprint)
    return app


def _stage(lane: Lane) -> dict[str, Json]:
    return {
        # Chalice wants a role for the stage; no function may ever fall back to it.
        "iam_role_arn": lane.role_arn(_NO_ROLE),
        "environment_variables": {"TEAM": lane.team},
        "log_retention_in_days": lane.log_retention_days,
        "tags": lane_tags(lane),
        "lambda_functions": {key: _function(lane, lane.functions[key]) for key in zipped(lane)},
    }


def _function(lane: Lane, function: Function) -> dict[str, Json]:
    config: dict[str, Json] = {
        "iam_role_arn": lane.role_arn(function.role),
        "lambda_memory_size": function.memory_mb,
        "lambda_timeout": function.timeout_seconds,
        "environment_variables": dict(function.environment),
    }
    if function.reserved_concurrency is not None:
        config["reserved_concurrency"] = function.reserved_concurrency
    return config


def _late(module: str, name: str) -> Callable[[object, object], object]:
    """Return a function called *name* that finds the real one when it is called (by Chalice's test client)."""

    def handler(event: object, context: object) -> object:
        call: Callable[[object, object], object] = getattr(importlib.import_module(module), name)
        return call(event, context)

    handler.__name__ = name
    return handler
