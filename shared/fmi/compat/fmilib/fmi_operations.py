"""``from fmilib.fmi_operations import fmi_communicator``, as scripts in the field do."""

from __future__ import annotations

from collections.abc import Mapping

from shared.errors import UsageError
from shared.fmi.compat.bindings import Communicator, hints
from shared.fmi.compat.config import from_environment

FAAS_MIB = 512  # the function's memory for prices, where such scripts say none: our choice


def fmi_communicator(world_size: int | str | Mapping[str, int | str], rank: int | str | None = None) -> Communicator:
    """Return this rank's communicator, tuned for speed.

    Args:
        world_size: How many ranks there are, or an object with ``world_size`` and ``rank``.
        rank: This rank.

    Raises:
        UsageError: No rank was given, or there is no FMI configuration (see ``from_environment``).
    """
    if isinstance(world_size, Mapping):
        return fmi_communicator(world_size["world_size"], world_size["rank"])
    if rank is None:
        raise UsageError("fmi_communicator was given no rank", fix="call fmi_communicator(world_size, rank)")
    communicator = Communicator(int(rank), int(world_size), from_environment(), "fmi_pair", FAAS_MIB)
    communicator.hint(hints.fast)
    return communicator
