"""The ledger of prepaid lanes, as the platform owns it: a table, and the function that reserves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.config.lane import Function, Lane
from shared.config.ledger_name import LEDGER
from shared.config.platform import SLUG, PlatformNames
from shared.config.resources import Key, Table
from shared.errors import LanesError
from shared.handlers.ledger.account import EXPIRES
from shared.handlers.ledger.prices import GATE_MEMORY_MB, GATE_TIMEOUT_SECONDS
from shared.handlers.ledger.reserve import TABLE_VARIABLE

if TYPE_CHECKING:
    from shared.config.load import Project


@dataclass(frozen=True, slots=True)
class LedgerService:
    """The ledger, every name known. ``lane`` holds its tags and its one function."""

    lane: Lane
    table: Table


def ledger_service(project: Project) -> LedgerService:
    """Return the ledger of *project*.

    Raises:
        LanesError: AWS would refuse one of its names.
    """
    names, settings = PlatformNames(project), project.settings
    table = Table(names.make("table", LEDGER), Key("lane", "string"), Key("item", "string"), (), EXPIRES)
    function = Function(
        key=LEDGER,
        name=names.make("function", LEDGER),
        handler="shared.handlers.ledger.reserve.handler",
        role=names.make("role", f"{LEDGER}-role"),
        log_group=names.make("functionLogGroup", LEDGER),
        memory_mb=GATE_MEMORY_MB,
        timeout_seconds=GATE_TIMEOUT_SECONDS,
        reserved_concurrency=None,
        environment={"TEAM": SLUG, "STAGE": project.place.stage, TABLE_VARIABLE: table.name},
        runtime=project.runtime,
    )
    lane = Lane(
        team=SLUG,
        owner=SLUG,
        hash=names.digest,
        place=project.place,
        bucket="",
        boundary=names.make("policy", f"{LEDGER}-boundary"),
        deployer="",
        deployer_boundary="",
        tags=settings.tags,
        functions={LEDGER: function},
        workflows={},
        rendezvous=settings.rendezvous.resolve(),
        log_retention_days=settings.defaults.log_retention_in_days,
        scratch_days=settings.defaults.scratch_days,
    )
    if names.problems:
        raise LanesError("; ".join(names.problems), where="naming.yaml", fix="shorten the templates")
    return LedgerService(lane, table)
