"""A rank's program: its files, its command and its environment. Where the files lie is what ``place`` says."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypedDict

from shared.fmi.compat import python_path
from shared.handlers.payload import BadInput
from shared.handlers.s3 import POOL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from shared.handlers.fmi_script.place import Place
    from shared.handlers.s3 import Bucket


class Run(TypedDict):
    """Init's answer, which every rank is told. ``batch_size`` is 0 where none was asked for.

    ``path`` is where the script must lie, below /tmp, or empty; ``args`` and ``env`` are the program's own.
    """

    run_id: str
    world_size: int
    script: str
    folder: str
    path: str
    data_path: str
    result_path: str
    batch_size: int
    rendezvous_endpoint: str
    args: list[str]
    env: dict[str, str]


class Rank(Run):
    """The event of one rank."""

    rank: int


def fetch(bucket: Bucket, script: str, folder: str, place: Place) -> None:
    """Put the script, or all of its *folder* by the paths of the bucket, into its *place*.

    Raises:
        MissingObject: The script is gone.
        StorageFull: The function's /tmp has no room.
        BadInput: An object of the folder is named so that it would lie outside.
    """
    keys = [found.key for found in bucket.list(folder)] if folder else []
    paths = {key: place.root / key for key in keys if not key.endswith("/")} | {script: place.script}
    for key in paths:
        if ".." in PurePosixPath(key).parts:
            raise BadInput(f"the object {key!r} leads out of its folder", fix="delete it, or give it another name")
    for path in paths.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(POOL) as pool:
        list(pool.map(bucket.download, paths, paths.values()))


def command(script: Path, args: Sequence[str]) -> list[str]:
    """Return what runs *script* with its *args*: this interpreter."""
    return [sys.executable, str(script), *args]


def environment(event: Rank, bucket: str, meeting: str, key: bytes, seconds: float) -> dict[str, str]:
    """Return the environment of the rank's program: all of the function's, its own, and who and where it is.

    Args:
        event: The rank's event.
        bucket: The team's bucket.
        meeting: host:port of the rendezvous.
        key: Signs the rank's names there.
        seconds: How long it may wait for other ranks.
    """
    return {
        **os.environ,
        **event["env"],
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
        "FMI_TIMEOUT": f"{seconds:.3f}",
    }
