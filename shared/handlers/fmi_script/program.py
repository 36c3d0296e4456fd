"""A rank's program: its files, in a folder of their own, its command and its environment."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypedDict

from shared.fmi.compat import python_path
from shared.handlers.s3 import POOL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shared.handlers.s3 import Bucket


class Run(TypedDict):
    """Init's answer, which every rank is told. ``batch_size`` is 0 where none was asked for."""

    run_id: str
    world_size: int
    script: str
    folder: str
    data_path: str
    result_path: str
    batch_size: int
    rendezvous_endpoint: str


class Rank(Run):
    """The event of one rank."""

    rank: int


def fetch(bucket: Bucket, script: str, folder: str, target: Path) -> Path:
    """Put the script, or all of its *folder*, under *target*, with the paths of the bucket; return the script's path.

    Raises:
        MissingObject: The script is gone.
        StorageFull: The function's /tmp has no room.
    """
    keys = [found.key for found in bucket.list(folder)] if folder else []
    paths = {key: target / key for key in {script, *keys} if not key.endswith("/")}
    for path in paths.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(POOL) as pool:
        list(pool.map(bucket.download, paths, paths.values()))
    return target / script


def command(script: Path) -> list[str]:
    """Return what runs *script*: this interpreter."""
    return [sys.executable, str(script)]


def environment(
    event: Rank, bucket: str, meeting: str, key: bytes, environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the environment of the rank's program: all of the function's, and who and where it is.

    Args:
        event: The rank's event.
        bucket: The team's bucket.
        meeting: host:port of the rendezvous.
        key: Signs the rank's names there.
        environ: The function's environment.
    """
    return {
        **environ,
        "PYTHONPATH": python_path(os.pathsep.join(filter(None, sys.path))),
        "PYTHONUNBUFFERED": "1",
        "RANK": str(event["rank"]),
        "WORLD_SIZE": str(event["world_size"]),
        "RUN_ID": event["run_id"],
        "S3_BUCKET": bucket,
        "DATA_PATH": event["data_path"],
        "RESULT_PATH": event["result_path"],
        "BATCH_SIZE": str(event["batch_size"] or ""),
        "RENDEZVOUS_ENDPOINT": meeting,
        "FMI_TEAM_KEY": key.hex(),
    }
