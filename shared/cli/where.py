"""The options that say where a command's calls go, and as whom: one object, added to any command by :func:`on_cloud`.

Without an option, calls go to the embedded cloud. ``--aws`` means AWS itself, and nothing else. ``--endpoint URL``
means what stands in AWS's place at that URL: the command works as with ``--aws``, with the user's own credentials.
``--aws`` beside ``--endpoint`` changes nothing.
"""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
_OPTIONS = {"aws": (_AWS, False), "profile": (_PROFILE, None), "endpoint": (_ENDPOINT, None), "role": (_ROLE, None)}


@dataclass(frozen=True, slots=True)
class Where:
    """Where a command's calls go, and as whom.

    Attributes:
        aws: AWS itself is asked for.
        profile: The AWS profile to use there.
        endpoint: The URL of what is asked instead, with the same credentials.
        role: Whose credentials to take: ``deployer``, ``platform``, ``function/KEY`` or ``role/NAME``.
    """

    aws: bool = False
    profile: str | None = None
    endpoint: str | None = None
    role: str | None = None

    @property
    def embedded(self) -> bool:
        """Whether it is the embedded cloud."""
        return not (self.aws or self.endpoint)

    @property
    def asked(self) -> bool:
        """Whether any cloud was asked for by name, where a command could do without."""
        return not self.embedded or self.role is not None

    @property
    def options(self) -> str:
        """The options that say the same on another command's line, each with a space before it."""
        given = {"--profile": self.profile, "--endpoint": self.endpoint, "--as": self.role}
        return "".join((" --aws" if self.aws else "", *(f" {name} {value}" for name, value in given.items() if value)))


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
