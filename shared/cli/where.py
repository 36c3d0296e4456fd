"""The options that say where a command's calls go, and as whom: one object, added to any command by :func:`on_cloud`.

``--aws`` beside ``--endpoint`` changes nothing.
"""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shared.run.where import Where

if TYPE_CHECKING:
    from collections.abc import Callable

_AWS = Annotated[bool, typer.Option("--aws", help="On AWS instead of the embedded cloud.")]
_PROFILE = Annotated[str | None, typer.Option("--profile", help="The AWS profile to use with --aws or --endpoint.")]
_ENDPOINT = Annotated[
    str | None, typer.Option("--endpoint", metavar="URL", help="As with --aws, but at this URL: an emulator, a proxy.")
]
_ROLE = Annotated[
    str | None,
    typer.Option("--as", metavar="ROLE", help="With this role's credentials: deployer, platform or function/KEY."),
]
__all__ = ["Where", "on_cloud"]

_OPTIONS = {"aws": (_AWS, False), "profile": (_PROFILE, None), "endpoint": (_ENDPOINT, None), "role": (_ROLE, None)}


def on_cloud(command: Callable[..., None]) -> Callable[..., None]:
    """Give *command* the options instead of its parameter ``where``, which gets them as one :class:`Where`."""
    signature = inspect.signature(command, eval_str=True)
    before = [each for name, each in signature.parameters.items() if name != "where"]
    given = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in _OPTIONS.items()
    ]

    @functools.wraps(command)
    def with_options(*args: Any, **values: Any) -> None:
        where = Where(**{name: values.pop(name) for name in _OPTIONS})
        command(*args, where=where, **values)

    with_options.__signature__ = signature.replace(parameters=[*before, *given])  # type: ignore[attr-defined]  # typer reads it
    with_options.__annotations__ = {each.name: each.annotation for each in (*before, *given)}
    return with_options
