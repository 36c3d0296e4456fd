"""Which rank gets which partitions. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

from shared.handlers.payload import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.handlers.cosmic.events import Rank
    from shared.handlers.cosmic.payload import Request
    from shared.handlers.s3 import Found

T = TypeVar("T")
ITEM_BYTES = 256 * 1024  # that Step Functions hands to one child execution at most (AWS quota)


def deal(files: Sequence[T], ranks: int) -> list[tuple[T, ...]]:
    """Return the files of each of *ranks* ranks, at least 1: in order, ceil(files left / ranks left) to each."""
    hands: list[tuple[T, ...]] = []
    start = 0
    for rank in range(ranks):
        share = -(-(len(files) - start) // (ranks - rank))
        hands.append(tuple(files[start : start + share]))
        start += share
    return hands


def items(request: Request, hands: Sequence[Sequence[Found]], run_id: str, run_started: str) -> list[Rank]:
    """Return the manifest: for each rank the whole event of its inference function.

    Raises:
        BadInput: A rank's list of partitions is larger than Step Functions can hand over.
    """
    made: list[Rank] = [
        {
            "run_id": run_id,
            "run_started": run_started,
            "rank": rank,
            "world_size": request.world_size,
            "batch_size": request.batch_size,
            "result_path": request.result_path,
            "model_key": request.model_key,
            "data_bucket": request.data_bucket,
            "fmi_enabled": request.fmi_enabled,
            "rendezvous_endpoint": request.rendezvous_endpoint,
            "partitions": [{"key": file.key, "bytes": file.bytes} for file in hand],
        }
        for rank, hand in enumerate(hands)
    ]
    largest = max(made, key=lambda item: len(json.dumps(item)))
    if len(json.dumps(largest)) > ITEM_BYTES:
        raise BadInput(
            f"rank {largest['rank']} would get {len(largest['partitions'])} partitions, "
            "a list beyond the 256 KB that Step Functions hands to a child execution",
            fix="raise world_size, or make the partitions larger (lanes data split)",
        )
    return made
