"""Reads an output that a step wrote into the team's bucket, where the card says ``output: {byReference: true}``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.config.exact_json import InexactJsonError, read_exact
from shared.config.parameters import is_reference
from shared.errors import LanesError
from shared.values import as_mapping, as_text

if TYPE_CHECKING:
    from shared.aws.client import Aws
    from shared.run.start import Run
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class ReferredOutput:
    """An output that lies in a bucket.

    Attributes:
        bucket: Where it lies.
        key: What it is called there.
        bytes: How large it is.
        value: What it is; None where it was not read.
        is_read: Whether it was.
    """

    bucket: str
    key: str
    bytes: int
    value: Json = None
    is_read: bool = False


def read_output(aws: Aws, run: Run, output: Json, most: int | None = None) -> ReferredOutput | None:
    """Return what *output*, that of *run*, refers to; None where the run's card has no output by reference.

    Args:
        aws: Where the bucket is.
        run: The execution.
        output: What it returned.
        most: The value is read only if it has no more bytes than this; None for any.

    Raises:
        LanesError: It is no reference to an object of the team's bucket, or the object is no JSON.
    """
    lane = run.lane
    if not lane.workflows[run.workflow].output_by_reference:
        return None
    if not is_reference(output) or as_mapping(output)["bucket"] != lane.bucket:
        raise LanesError(
            f"the card of {run.workflow} says output: byReference, and the output is no reference into {lane.bucket}",
            where=run.id,
            fix="return what shared.handlers.by_reference.write gives, or take it off the card",
        )
    key = as_text(as_mapping(output)["key"])
    where = f"s3://{lane.bucket}/{key}"
    try:
        told = aws.s3.get_object(Bucket=lane.bucket, Key=key, ExpectedBucketOwner=lane.place.account)
        with told["Body"] as body:
            size = told["ContentLength"]
            if most is not None and size > most:
                return ReferredOutput(lane.bucket, key, size)
            value = read_exact(body.read())
    except ClientError as error:
        raise LanesError(f"the output cannot be read: {error}", where=where) from error
    except InexactJsonError as error:
        raise LanesError(f"the output cannot be read: {error}", where=where) from error
    return ReferredOutput(lane.bucket, key, size, value, is_read=True)
