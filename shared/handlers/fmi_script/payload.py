"""What a run is asked for, in the forms in use: one script, or a folder with a script in it. Pure.

Payloads of the field say where the script lies in the function: below /tmp. There an object goes that ``object_type``
file and ``S3_object_name`` name, and a folder as a whole. A program that ``lanes run`` uploaded may lie anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from shared.fmi.worlds import MOST_RANKS
from shared.handlers.fmi_script.variables import CYLON, FOLDER, MEETING, read_arguments, read_variables
from shared.handlers.payload import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BATCH = 1_000_000  # our choice: the number is only handed on to the program
TEMPORARY = "/tmp/"  # noqa: S108  the field's payloads name the script where the old executor put it
KNOWN = (
    *("bucket", "world_size", "script", "object_type", "S3_object_name", "rendezvous_endpoint"),
    *("data_bucket", "data_path", "result_path", "batch_size"),
    *("args", "EXEC_ARGS", "env", *CYLON, FOLDER, *MEETING),
)


@dataclass(frozen=True, slots=True)
class Request:
    """A checked payload.

    ``script`` is a key of the bucket. ``folder`` is the prefix, with its slash, that is fetched whole; the script lies
    in it. It is empty when the script is fetched alone. ``path`` is where the script must lie, below /tmp; empty where
    that is all the same. ``args`` and ``env`` are the program's own.
    """

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


def read(payload: object, defaults: Mapping[str, object], bucket: str) -> Request:
    """Return the request in *payload* over the team's *defaults*, for the team that owns *bucket*.

    Raises:
        BadInput: Lists every problem of the payload.
    """
    reader = Reader(payload, KNOWN, defaults)
    reader.own_bucket(bucket, ("bucket", "data_bucket"))
    script, folder, path = _program(reader)
    world_size = reader.whole("world_size", MOST_RANKS, required=True) or 1
    request = Request(
        world_size=world_size,
        script=script,
        folder=folder,
        path=path,
        data_path=reader.text("data_path"),
        result_path=reader.text("result_path").strip("/") or "results",
        batch_size=reader.whole("batch_size", MAX_BATCH) or 0,
        rendezvous_endpoint=reader.endpoint("rendezvous_endpoint"),
        args=read_arguments(reader),
        env=read_variables(reader, world_size),
    )
    reader.finish()
    return request


def _program(reader: Reader) -> tuple[str, str, str]:
    """Return the script's key, the folder that it is in and the path where it must lie.

    A script that ends in a slash is a folder to be run.
    """
    told = reader.text("script", required=True)
    script = told.removeprefix(TEMPORARY).lstrip("/")
    named = reader.text("S3_object_name").strip("/")
    path = TEMPORARY + script if told.startswith(TEMPORARY) else ""
    folder = ""
    if reader.text("object_type") not in {"", "file", "folder"}:
        reader.problems.append(f"object_type is {reader.payload['object_type']!r}, not file or folder")
    if reader.text("object_type") == "folder":
        folder = reader.text("S3_object_name", required=True).strip("/") + "/"
        path = TEMPORARY + script
    elif named:
        if not path:
            reader.problems.append(f"script is {told!r}, not below /tmp, where a function can put {named!r}")
        script = named
    elif script.endswith("/"):
        folder, script = script, script + "__main__.py"
        path = path and TEMPORARY + script
    if told and not script:
        reader.problems.append(f"script is {told!r}, which names no file")
    if ".." in PurePosixPath(f"{script}/{path}").parts:
        reader.problems.append(f"script is {script!r}, which leads out of its folder")
    elif folder and not script.startswith(folder):
        reader.problems.append(f"script is {script!r}, which is not in the folder {folder!r} (S3_object_name)")
    return script, folder, path
