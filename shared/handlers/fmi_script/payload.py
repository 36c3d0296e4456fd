"""What a run is asked for, in either form in use: one script, or a folder with a script in it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from shared.fmi.worlds import MOST_RANKS
from shared.handlers.payload import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BATCH = 1_000_000  # our choice: the number is only handed on to the program
TEMPORARY = "/tmp/"  # noqa: S108  the field's payloads name the script where the old executor put it
KNOWN = (
    *("bucket", "world_size", "script", "object_type", "S3_object_name", "rendezvous_endpoint"),
    *("data_bucket", "data_path", "result_path", "batch_size"),
)


@dataclass(frozen=True, slots=True)
class Request:
    """A checked payload.

    ``script`` is a key of the bucket. ``folder`` is the prefix, with its slash, that is fetched whole; the script lies
    in it. It is empty when the script is fetched alone.
    """

    world_size: int
    script: str
    folder: str
    data_path: str
    result_path: str
    batch_size: int
    rendezvous_endpoint: str


def read(payload: object, defaults: Mapping[str, object], bucket: str) -> Request:
    """Return the request in *payload* over the team's *defaults*, for the team that owns *bucket*.

    Raises:
        BadInput: Lists every problem of the payload.
    """
    reader = Reader(payload, KNOWN, defaults)
    reader.own_bucket(bucket, ("bucket", "data_bucket"))
    script, folder = _program(reader)
    request = Request(
        world_size=reader.whole("world_size", MOST_RANKS, required=True) or 1,
        script=script,
        folder=folder,
        data_path=reader.text("data_path"),
        result_path=reader.text("result_path").strip("/") or "results",
        batch_size=reader.whole("batch_size", MAX_BATCH) or 0,
        rendezvous_endpoint=reader.endpoint("rendezvous_endpoint"),
    )
    reader.finish()
    return request


def _program(reader: Reader) -> tuple[str, str]:
    """Return the script's key and the folder that it is in. A script that ends in a slash is a folder to be run."""
    script = reader.text("script", required=True).removeprefix(TEMPORARY).lstrip("/")
    folder = ""
    if reader.text("object_type") not in {"", "file", "folder"}:
        reader.problems.append(f"object_type is {reader.payload['object_type']!r}, not file or folder")
    if reader.text("object_type") == "folder":
        folder = reader.text("S3_object_name", required=True).strip("/") + "/"
    elif script.endswith("/"):
        folder, script = script, script + "__main__.py"
    if ".." in PurePosixPath(script).parts:
        reader.problems.append(f"script is {script!r}, which leads out of its folder")
    elif folder and not script.startswith(folder):
        reader.problems.append(f"script is {script!r}, which is not in the folder {folder!r} (S3_object_name)")
    return script, folder
