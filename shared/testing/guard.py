"""No call of boto3 leaves a test: while a cloud in memory is current, that answers every request of every client.

A client must know of this when it is made, which modules of workflows do when they are imported. So the guard is among
botocore's own handlers from the moment that botocore is loaded, whoever loads it. It does nothing while no cloud is
current.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

_HANDLERS = "botocore.handlers"


class Answering(Protocol):
    """What answers in AWS's place."""

    def answer(self, service: str, operation: str, request: AWSPreparedRequest) -> AWSResponse:
        """Return the answer to *request*, which calls the *operation* of a *service*, as botocore names them."""


class _Guard:
    def __init__(self) -> None:
        self.current: Answering | None = None
        self.installed = False

    def __call__(self, event_name: str, request: AWSPreparedRequest, **_more: object) -> AWSResponse | None:
        """Answer botocore's event ``before-send.SERVICE.OPERATION``."""
        if self.current is None:
            return None
        _, service, operation = event_name.split(".", 2)
        return self.current.answer(service, operation, request)

    def install(self) -> None:
        if self.installed:
            return
        self.installed = True
        if _HANDLERS in sys.modules:
            self.put_first(sys.modules[_HANDLERS])
        else:
            sys.meta_path.insert(0, _WhenLoaded())

    def put_first(self, handlers: ModuleType) -> None:
        handlers.BUILTIN_HANDLERS.insert(0, ("before-send", self))


class _WhenLoaded(MetaPathFinder):
    """Puts the guard in when botocore's handlers are loaded: to load them takes time that few tests need."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _HANDLERS:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(fullname, path)
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            load = loader.exec_module

            def load_and_guard(module: ModuleType) -> None:
                load(module)
                _guard.put_first(module)

            loader.exec_module = load_and_guard
        return spec


_guard = _Guard()


def install() -> None:
    """Put the guard into this process; once."""
    _guard.install()


def answer_with(cloud: Answering | None) -> None:
    """Have *cloud* answer from now on; None for nothing, as without a guard."""
    _guard.current = cloud
