"""Finds what a run computed, for a table: what its ranks wrote into the team's bucket, or its output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import LanesError

if TYPE_CHECKING:
    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.values import Json


def read_results(aws: Aws, lane: Lane, output: Json) -> Json:
    """Return what the run with this *output* computed.

    Where the output has ``results.combined``, as cosmic's, that is the key of an object of the team's bucket: what all
    ranks wrote, as one JSON. Else the output itself is the result.

    Raises:
        LanesError: The object is gone, or it is no JSON.
    """
    match output:
        case {"results": {"combined": str(key)}}:
            return _read(aws, lane, key)
    return output


def _read(aws: Aws, lane: Lane, key: str) -> Json:
    where = f"s3://{lane.bucket}/{key}"
    try:
        told = aws.s3.get_object(Bucket=lane.bucket, Key=key, ExpectedBucketOwner=lane.place.account)
        with told["Body"] as body:
            value: Json = json.loads(body.read())
    except ClientError as error:
        raise LanesError(f"the run's results cannot be read: {error}", where=where) from error
    except ValueError as error:
        raise LanesError(f"the run's results are no JSON: {error}", where=where) from error
    return value
