"""The environment of every function. A missing variable is an error that names it; nothing has a default."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Mapping

MB_PER_VCPU = 1769  # AWS: "at 1,769 MB, a function has the equivalent of one vCPU"


class MissingEnvironment(LanesError):
    """The function was deployed without a variable that it needs."""


@dataclass(frozen=True, slots=True)
class Env:
    """The team's place, as deployment writes it into each of the team's functions."""

    team: str
    stage: str
    account: str
    bucket: str
    workflow: str


def read(environ: Mapping[str, str] = os.environ) -> Env:
    """Return the function's environment.

    Raises:
        MissingEnvironment: Names every variable that is missing or empty.
    """
    return Env(**{name.lower(): value for name, value in require(environ, "TEAM STAGE ACCOUNT BUCKET WORKFLOW")})


def commons(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the buckets of shared data that the function may read, each with the account that must own it."""
    names, owners = (environ.get(variable, "") for variable in ("COMMONS", "COMMONS_OWNERS"))
    return dict(zip(names.split(","), owners.split(","), strict=True)) if names else {}


def threads(environ: Mapping[str, str] = os.environ, cores: int = os.cpu_count() or 1) -> int:
    """Return how many threads the function's memory buys, at least one, and no more than there are cores.

    On AWS a function has the cores that its memory buys. Elsewhere more threads than cores would take turns.

    Raises:
        MissingEnvironment: ``AWS_LAMBDA_FUNCTION_MEMORY_SIZE`` is not set: this is not a Lambda function.
    """
    ((_, megabytes),) = require(environ, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
    return max(1, min(int(megabytes) // MB_PER_VCPU, cores))


def require(environ: Mapping[str, str], names: str) -> list[tuple[str, str]]:
    """Return (name, value) for each of *names*, which are separated by spaces.

    Raises:
        MissingEnvironment: Names every variable that is missing or empty.
    """
    missing = [name for name in names.split() if not environ.get(name)]
    if missing:
        raise MissingEnvironment(
            f"the function's environment lacks {', '.join(missing)}", fix="deploy it with lanes deploy TEAM"
        )
    return [(name, environ[name]) for name in names.split()]
