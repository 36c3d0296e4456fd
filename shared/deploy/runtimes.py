"""Refuses, before anything is done, functions on a runtime that Lambda does not take any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.runtimes import READ, SOURCE, refused
from shared.deploy.resources import function
from shared.errors import LanesError
from shared.values import as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from shared.deploy.model import Resource

_CHANGES = (
    *("runtime", "code_sha256", "memory_mb", "timeout_seconds", "environment", "role", "handler"),
    *("architecture", "ephemeral_mb", "log_format", "layers", "vpc"),
)


def check_runtimes(wanted: Iterable[Resource], found: Mapping[tuple[str, str], Resource | None], today: date) -> None:
    """Refuse functions that are to be made or changed on a runtime that AWS has retired.

    Raises:
        LanesError: Names them all.
    """
    told: dict[str, list[str]] = {}
    for want in wanted:
        if want.kind != function.KIND or "runtime" not in want.properties:
            continue
        have = found[want.kind, want.name]
        changes = have is None or any(want.properties[key] != have.properties.get(key) for key in _CHANGES)
        why = refused(as_text(want.properties["runtime"]), today, new=have is None) if changes else ""
        if why:
            told.setdefault(why, []).append(want.name)
    if told:
        raise LanesError(
            "; ".join(f"{why}: {', '.join(names)}" for why, names in told.items()) + "; nothing was done",
            where="defaults.runtime in shared/settings.yaml, or python on a workflow's card",
            fix=f"set a later one there (as {SOURCE} had it on {READ})",
        )
