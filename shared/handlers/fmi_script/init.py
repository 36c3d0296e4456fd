"""Step 1: check the payload, and that the program is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from shared.handlers import env
from shared.handlers.fmi_script import payload
from shared.handlers.s3 import Bucket

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.handlers.fmi_script.program import Run


class Start(TypedDict):
    """The event. ``payload`` is the execution's input; ``defaults`` are the team's, for keys that it leaves out."""

    run_id: str
    payload: object
    defaults: Mapping[str, object]


def handler(event: Start, _context: object) -> Run:
    """Return what every rank is told.

    Raises:
        BadInput: The payload cannot be run.
        MissingObject: There is no such script.
    """
    here = env.read()
    request = payload.read(event["payload"], event["defaults"], here.bucket)
    Bucket(here.bucket, here.account).head(request.script)
    return {
        "run_id": event["run_id"],
        "world_size": request.world_size,
        "script": request.script,
        "folder": request.folder,
        "path": request.path,
        "data_path": request.data_path,
        "result_path": f"{request.result_path}/{event['run_id']}",
        "batch_size": request.batch_size,
        "rendezvous_endpoint": request.rendezvous_endpoint,
        "args": request.args,
        "env": request.env,
    }
