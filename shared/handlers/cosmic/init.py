"""Step 1: check the payload, deal the partitions out, write the run's manifest."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from shared.handlers import env
from shared.handlers.cosmic import deal, layout, payload
from shared.handlers.cosmic.errors import NoData, WrongModel
from shared.handlers.s3 import POOL, Bucket, Found, MissingObject, Source, readable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.handlers.cosmic.events import Run, Start

SUFFIX = ".safetensors"


def handler(event: Start, _context: object) -> Run:
    """Return what the state machine needs of the run.

    Raises:
        BadInput: The payload cannot be run.
        NoData: The partitions it names are not there.
        WrongModel: The model it names is not there.
    """
    here = env.read()
    bucket = Bucket(here.bucket, here.account)
    commons = env.commons()
    request = payload.read(event["payload"], here.bucket, commons)
    check_model(bucket, request.model_key, here.team)
    hands = find_partitions(readable(request.data_bucket, bucket, commons), request)
    key = layout.manifest(event["run_id"])
    bucket.put_json(key, deal.items(request, hands, event["run_id"], event["run_started"]))
    return {
        "run_id": event["run_id"],
        "run_started": event["run_started"],
        "ranks_started": time.time(),
        "manifest": key,
        "world_size": request.world_size,
        "batch_size": request.batch_size,
        "partitions": sum(len(hand) for hand in hands),
        "result_path": request.result_path,
        "fmi_enabled": request.fmi_enabled,
        "rendezvous_endpoint": request.rendezvous_endpoint,
    }


def check_model(bucket: Bucket, key: str, team: str) -> None:
    """See that there is an object *key*: once, here, instead of in every rank. Empty is the packaged model.

    Raises:
        WrongModel: There is none.
    """
    if key and _size(bucket, key) is None:
        raise WrongModel(
            "model_key names an object that does not exist",
            where=f"s3://{bucket.name}/{key}",
            fix=f"lanes model import FILE --team {team} uploads a model and prints its key; "
            "leave model_key empty for the packaged one",
        )


def find_partitions(bucket: Source, request: payload.Request) -> Sequence[Sequence[Found]]:
    """Return each rank's partitions with their sizes: those of the data map, or those under the prefix, dealt out.

    Raises:
        NoData: There are none under the prefix, or the data map names some that do not exist.
    """
    if request.data_map is not None:
        return _mapped(bucket, request.data_map)
    found = list(bucket.list(request.data_prefix))
    partitions = [file for file in found if file.key.endswith(SUFFIX)]
    if not partitions:
        others = f" ({len(found)} objects there are no {SUFFIX} files)" if found else ""
        raise NoData(
            f"no partitions under {request.data_prefix!r}{others}",
            where=f"s3://{bucket.name}",
            fix="upload some with lanes data upload TEAM [DIR] (lanes data import converts .pt files), "
            "or correct data_prefix",
        )
    return deal.deal(partitions[: request.file_limit], request.world_size)


def _mapped(bucket: Source, data_map: tuple[tuple[str, ...], ...]) -> list[list[Found]]:
    keys = {key for hand in data_map for key in hand}
    with ThreadPoolExecutor(POOL) as pool:
        sizes = dict(zip(keys, pool.map(lambda key: _size(bucket, key), keys), strict=True))
    missing = sorted(key for key, size in sizes.items() if size is None)
    if missing:
        raise NoData(
            f"data_map names {len(missing)} objects that do not exist: {', '.join(missing[:10])}",
            where=f"s3://{bucket.name}",
            fix="correct the keys, or leave data_map out to use all of data_prefix",
        )
    return [[Found(key, sizes[key] or 0) for key in hand] for hand in data_map]


def _size(bucket: Source, key: str) -> int | None:
    try:
        return bucket.head(key)[0]
    except MissingObject:
        return None
