"""How moto's backends are named in what is kept."""

import importlib

import moto.ecs.models
from moto.core.base_backend import BackendDict

from shared.local.keeping.tables import all_tables


def test_a_backend_is_named_by_its_own_service_whichever_others_are_loaded():
    for name in ("sns", "batch", "awslambda", "sts"):  # they import other services' backends
        importlib.import_module(f"moto.{name}.models")
    moto.ecs.models.ecs_backends["123456789012"]["us-east-1"]
    try:
        (table,) = [table for table, backend in all_tables() if type(backend).__name__ == "EC2ContainerServiceBackend"]
        assert table[:2] == ("moto.ecs.models", "ecs_backends")
    finally:
        BackendDict.reset()
