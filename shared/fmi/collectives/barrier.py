"""Barrier by dissemination: ceil(log2 n) rounds for any number of ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from shared.fmi.collectives.transport import Transport

_TOKEN = np.empty(0, np.uint8)


def barrier(ranks: Transport) -> None:
    """Return once every rank has called it."""
    distance = 1
    while distance < ranks.size:
        ahead, behind = (ranks.rank + distance) % ranks.size, (ranks.rank - distance) % ranks.size
        ranks.exchange(ahead, _TOKEN, behind)
        distance *= 2
