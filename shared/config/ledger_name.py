"""What the function of the ledger of prepaid lanes is called, which each of these lanes names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.naming import PLATFORM

if TYPE_CHECKING:
    from shared.config.lane import Place
    from shared.config.naming import Naming

LEDGER = "ledger"
"""The component of the names of all that is the ledger's, and the key of its function."""


def ledger_function(naming: Naming, place: Place) -> str:
    """Return the name of the ledger's function at *place*."""
    digest = naming.hash.make(PLATFORM, place)
    return naming.make("function", LEDGER, team=PLATFORM, place=place, digest=digest).value
