"""How a run is carried out, as far as its time depends on it, and what AWS's documented numbers make of that."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from shared.config.aws_facts import (
    EXPRESS_STARTS,
    INLINE_AT_ONCE,
    MAP_CHILDREN,
    NEW_ENVIRONMENTS,
    OBJECT_GETS,
    OBJECT_PUTS,
    STANDARD_STARTS,
)
from shared.measure.scaling.slowest import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

RECORDS_A_MB = 51.13
"""A partition of 100 MB holds 5,113 records."""
OWN_READERS = 16
"""Results that our summarize step reads at once (shared/handlers/s3.py, POOL; a test compares)."""
_PART_MB = 8  # boto3 downloads larger objects in parts of this size (boto3.s3.transfer.TransferConfig)

Children = Literal["standard", "express", "inline"]
"""What a Map's iterations are: child executions of a distributed Map, or parts of an inline one."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a run is carried out.

    Attributes:
        children: What its Map starts for each rank.
        joined: How many results the last step reads at most; None for all.
        readers: How many of them it reads at once.
        gets: A rank's GET and HEAD requests to S3, beside the parts of its partition.
        puts: Its PUT requests.
        read_by_last: GET requests of the last step for each result that it joins.
        secrets: Requests to Secrets Manager of a rank in a new environment: for the key by which ranks pair.
    """

    children: Children = "standard"
    joined: int | None = None
    readers: int = OWN_READERS
    gets: int = 1
    puts: int = 2
    read_by_last: int = 2
    secrets: int = 1

    def gets_of(self, records: float) -> int:
        """Return the GET and HEAD requests of a rank that has so many *records*."""
        return self.gets + math.ceil(records / RECORDS_A_MB / _PART_MB)

    def turns(self, world: int) -> float:
        """Return how many results of *world* ranks are read one after the other."""
        return min(world, self.joined or world) / self.readers


OWN = Way()
"""The workflow ``cosmic`` of this project: its summarize step reads all results, 16 at once."""
FIELD = Way(joined=1000, readers=1, gets=21, puts=1, read_by_last=1, secrets=0)
"""The field's: its summarizer reads one page of a listing, 1,000 results, one after the other; its ranks fetch their
code and the model, nine files, each with a HEAD and a GET, after a listing and the run's payload."""


def limits_of(way: Way, records: float, concurrency: float) -> Mapping[str, Limits]:
    """Return what holds the ranks of a run back, by the name of the part of its time that it makes longer.

    Args:
        way: How the run is carried out.
        records: Of one rank.
        concurrency: How many ranks the account runs at once.
    """
    starts = {"standard": STANDARD_STARTS.value, "express": EXPRESS_STARTS.value, "inline": math.inf}[way.children]
    at_once = INLINE_AT_ONCE.value if way.children == "inline" else MAP_CHILDREN.value
    return {
        "children": Limits(starts=starts, at_once=at_once),
        "environments": Limits(environments=NEW_ENVIRONMENTS.bucket, growth=NEW_ENVIRONMENTS.refill),
        "concurrency": Limits(concurrency=concurrency),
        "s3": Limits(served=min(OBJECT_GETS.value / way.gets_of(records), OBJECT_PUTS.value / way.puts)),
    }


def together(limits: Mapping[str, Limits], names: tuple[str, ...]) -> Limits:
    """Return the limits of such *names* as one."""
    chosen = [limits[name] for name in names]
    least = {
        name: min((getattr(each, name) for each in chosen), default=math.inf)
        for name in ("starts", "at_once", "environments", "concurrency", "served")
    }
    return Limits(**least, growth=max((each.growth for each in chosen), default=0.0))
