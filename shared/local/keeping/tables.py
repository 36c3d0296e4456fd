"""moto's backends, each by where it is found: that names it in a process that has not made it yet."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, NamedTuple

from moto.core.base_backend import BackendDict, BaseBackend

if TYPE_CHECKING:
    from collections.abc import Iterator


class Table(NamedTuple):
    """One of moto's backends.

    Attributes:
        module: The module of its service.
        name: The name that the service's backends have there.
        account: Whose it is.
        region: Where.
    """

    module: str
    name: str
    account: str
    region: str


def all_tables() -> Iterator[tuple[Table, BaseBackend]]:
    """Yield each backend that was used, and what names it."""
    places = dict(_places())
    for group in list(BackendDict._instances):  # noqa: SLF001  those that were used
        module, name = places[id(group)]
        for account, region, backend in list(group.iter_backends()):
            yield Table(module, name, account, region), backend


def _places() -> Iterator[tuple[int, tuple[str, str]]]:
    """Yield for each service's backends, by id, the module and the name by which they are found.

    Other services import them too, as many as happen to be loaded: only the one that defines them is always the same.
    """
    modules = [each for key, each in list(sys.modules.items()) if key.startswith("moto.") and key.endswith(".models")]
    for module in modules:
        for name, value in list(vars(module).items()):
            if isinstance(value, BackendDict) and _defines(module.__name__, value):
                yield id(value), (module.__name__, name)


def _defines(module: str, backends: BackendDict[BaseBackend]) -> bool:
    """Say whether *backends* are of that *module*: of its class, or of one of ours that stands in for it."""
    return module in {each.__module__ for each in backends.backend.__mro__} or (
        module == f"moto.{backends.service_name}.models"
    )


def find(table: Table) -> BaseBackend:
    """Return the backend that *table* names."""
    return getattr(importlib.import_module(table.module), table.name)[table.account][table.region]
