"""Values that are too large for Step Functions: they lie in a bucket, and states hand on where.

A parameter whose card says ``byReference: true`` comes as ``{"bucket": ..., "key": ...}``:

    tasks = by_reference.read(event["tasks"])

An output goes the other way, where the card says ``output: {byReference: true}``:

    return by_reference.write(f"results/{event['run']}/rows.json", rows)
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.errors import UsageError
from shared.handlers import env, s3

if TYPE_CHECKING:
    from shared.values import Json


class NoReference(UsageError):
    """A value should be a reference and is none."""


def read(reference: Json) -> Json:
    """Return the value that *reference* stands for, whole.

    Raises:
        NoReference: It is no ``{"bucket": ..., "key": ...}``, or what lies there is no JSON.
        ForeignBucket: The bucket is neither the team's own nor shared data that the function may read.
        MissingObject: There is no such object.
    """
    if not isinstance(reference, dict) or reference.keys() != {"bucket", "key"}:
        raise NoReference(
            f"this is {type(reference).__name__}, and no reference",
            fix='hand on {"bucket": ..., "key": ...}, and say byReference: true of the parameter on the card',
        )
    bucket, key = str(reference["bucket"]), str(reference["key"])
    body = s3.readable(bucket, _own_bucket(), env.commons()).get(key)
    try:
        value: Json = json.loads(body)
    except ValueError as error:
        raise NoReference(f"this is no JSON: {error}", where=f"s3://{bucket}/{key}") from error
    return value


def write(key: str, value: Json) -> dict[str, str]:
    """Write *value* as JSON to the object *key* of the team's bucket, in one piece, and return the reference to it."""
    bucket = _own_bucket()
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    bucket.put(key, text.encode(), "application/json")
    return {"bucket": bucket.name, "key": key}


def _own_bucket() -> s3.Bucket:
    place = env.read()
    return s3.Bucket(place.bucket, place.account)
