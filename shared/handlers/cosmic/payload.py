"""From what users send to a checked request. Pure.

Two forms are in use. One has ``world_size`` and a ``data_map`` of nulls. The older one has ``file_limit``,
``object_type``, ``S3_object_name`` and ``script``, and its numbers are strings. Both become one request here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.fmi.worlds import MOST_RANKS
from shared.handlers.payload import Reader, whole

if TYPE_CHECKING:
    from collections.abc import Collection

MAX_RANKS = 10_000  # child executions that a distributed Map runs at once (AWS quota)
MAX_BATCH = 8_192  # our choice: 168 MB of records
UNUSED = frozenset({"object_type", "S3_object_name", "script"})  # inference comes packaged
KNOWN = UNUSED | {
    "bucket",
    "data_bucket",
    "world_size",
    "file_limit",
    "batch_size",
    "data_prefix",
    "data_map",
    "result_path",
    "model_key",
    "fmi_enabled",
    "rendezvous_endpoint",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A checked payload.

    The partitions lie in ``data_bucket``. ``data_map`` has the keys of each rank's partitions. If it is None, the
    partitions under ``data_prefix`` (which ends in a slash) are listed and dealt out, at most ``file_limit`` of them.
    """

    world_size: int
    batch_size: int
    data_bucket: str
    data_prefix: str
    file_limit: int | None
    data_map: tuple[tuple[str, ...], ...] | None
    result_path: str
    model_key: str
    fmi_enabled: bool
    rendezvous_endpoint: str


def read(payload: object, bucket: str, commons: Collection[str] = ()) -> Request:
    """Return the request in *payload*, for the team that owns *bucket*.

    Partitions are read from the bucket that ``data_bucket`` names, else ``bucket``: the team's own, or one of
    *commons*, the shared data that it may read. Results go into the team's own.

    Raises:
        BadInput: Lists every problem of the payload.
    """
    reader = _Reader(payload, KNOWN)
    reader.own_bucket(bucket, ("bucket", "data_bucket"), commons)
    file_limit = reader.whole("file_limit", MAX_RANKS * 1000, default=None)
    world_size = reader.whole("world_size", MAX_RANKS, default=file_limit) if reader.ranks_given() else None
    request = Request(
        world_size=world_size or 1,
        batch_size=reader.whole("batch_size", MAX_BATCH, required=True) or 1,
        data_bucket=reader.text("data_bucket") or reader.text("bucket") or bucket,
        data_prefix=reader.folder("data_prefix"),
        file_limit=file_limit,
        data_map=reader.data_map(world_size),
        result_path=reader.folder("result_path", default="results").rstrip("/"),
        model_key=reader.text("model_key"),
        fmi_enabled=reader.truth("fmi_enabled"),
        rendezvous_endpoint=reader.endpoint("rendezvous_endpoint"),
    )
    if request.fmi_enabled and request.world_size > MOST_RANKS:
        reader.problems.append(f"world_size is {request.world_size}; with fmi_enabled it is at most {MOST_RANKS}")
    reader.finish()
    return request


class _Reader(Reader):
    """Reads what only this workflow has."""

    def ranks_given(self) -> bool:
        if self.given("world_size") or self.given("file_limit"):
            return True
        self.problems.append("world_size is missing (and there is no file_limit to take its place)")
        return False

    def folder(self, key: str, default: str = "") -> str:
        """Return a prefix that ends in one slash, so that "100MB" does not match "100MB-old"."""
        folder = self.text(key).strip("/") or default
        if not folder:
            self.problems.append(f"{key} is missing or empty")
        return folder + "/"

    def data_map(self, world_size: int | None) -> tuple[tuple[str, ...], ...] | None:
        """Return each rank's keys. None when there are no keys at all: then the partitions are listed."""
        value = self.payload.get("data_map", {})
        if not isinstance(value, dict):
            self.problems.append(f"data_map is {value!r}, not an object of rank to keys")
            return None
        given: dict[int, tuple[str, ...]] = {}
        for rank, keys in value.items():
            number = whole(rank)
            if number is None or number not in range(world_size if world_size is not None else MAX_RANKS):
                self.problems.append(f"data_map has {rank!r}, which is no rank of this run")
            listed = [keys] if isinstance(keys, str) else (keys or [])
            if not isinstance(listed, list) or not all(isinstance(key, str) and key for key in listed):
                self.problems.append(f"data_map[{rank!r}] is {keys!r}, not a key or a list of keys")
            elif number is not None:
                given[number] = tuple(listed)
        if not any(given.values()):
            return None
        return tuple(given.get(rank, ()) for rank in range(world_size or 0))
