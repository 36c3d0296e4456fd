"""Inputs that go by reference: they lie in the team's bucket, and Step Functions hands on where.

Step Functions takes 256 KB of input, and a state hands on no more. A parameter whose card says ``byReference`` goes
into the team's bucket, whatever its size, so that what reads it sees one shape: a function, or a distributed Map's
ItemReader (``Bucket.$`` and ``Key.$``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from shared.config.aws_facts import STATE_DATA
from shared.config.lane import INPUTS
from shared.config.parameters import is_reference
from shared.errors import LanesError, UsageError, code_of
from shared.values import as_mapping, as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.values import Json

_LONGEST_ID = 80  # characters of an execution's name
_MOST_NAMED = 3
_GONE = {"404", "NoSuchKey"}


class Referred(NamedTuple):
    """An input as the execution gets it, what lies in the bucket beside it by its key, and references given by hand."""

    payload: Json
    objects: Mapping[str, bytes]
    by_hand: Mapping[str, Mapping[str, Json]]


def as_text_of(payload: Json) -> str:
    """Return *payload* as the text that Step Functions gets."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def refer(lane: Lane, workflow: str, payload: Json, run_id: str) -> Referred:
    """Return *payload* with a reference in place of each value that goes by reference; nothing is written yet.

    A value that is a reference already, or is left out (null), stays.
    """
    objects: dict[str, bytes] = {}
    by_hand: dict[str, Mapping[str, Json]] = {}
    changed: dict[str, Json] = {}
    for spec in lane.workflows[workflow].specs:
        value = as_mapping(payload).get(spec.name)
        if not spec.by_reference or value is None:
            continue
        if is_reference(value):
            by_hand[spec.name] = as_mapping(value)
            continue
        key = f"{INPUTS}{run_id}/{spec.name}.json"
        objects[key] = as_text_of(value).encode()
        changed[spec.name] = {"bucket": lane.bucket, "key": key}
    return Referred({**as_mapping(payload), **changed} if changed else payload, objects, by_hand)


def check_size(lane: Lane, workflow: str, payload: Json) -> None:
    """Refuse a *payload* that Step Functions would not take.

    Raises:
        UsageError: It has more than 256 KB. The message names the largest parameters.
    """
    left = refer(lane, workflow, payload, "x" * _LONGEST_ID).payload
    size = len(as_text_of(left).encode())
    if size <= STATE_DATA.value:
        return
    what = f"the input of {workflow} has {size:,} bytes, and Step Functions takes {STATE_DATA.value:,}"
    card = f"the card of {workflow}"
    if lane.workflows[workflow].takes_any or not isinstance(left, dict):
        fix = f"declare its parameters on {card}, with byReference: true on the large ones, or put it into the bucket"
        raise UsageError(what, fix=fix)
    sizes = {name: len(as_text_of(value).encode()) for name, value in left.items()}
    largest = sorted(sizes, key=lambda name: -sizes[name])[:_MOST_NAMED]
    told = ", ".join(f"{name} {sizes[name]:,}" for name in largest)
    fix = f"say byReference: true of {largest[0]} on {card}; the function reads it by shared.handlers.by_reference"
    raise UsageError(f"{what}; the largest: {told}", fix=fix)


def place(aws: Aws, lane: Lane, referred: Referred) -> None:
    """Write what goes by reference into the lane's bucket.

    Raises:
        UsageError: A reference that was given by hand leads to no object.
        LanesError: The bucket refuses.
    """
    for name, reference in referred.by_hand.items():
        bucket, key = (as_text(reference[part]) for part in ("bucket", "key"))
        owner = lane.commons.get(bucket, lane.place.account)
        try:
            aws.s3.head_object(Bucket=bucket, Key=key, ExpectedBucketOwner=owner)
        except ClientError as error:
            if code_of(error) not in _GONE:
                raise LanesError(f"{name} cannot be read: {error}", where=f"s3://{bucket}/{key}") from error
            what = f"{name} is a reference, and there is no such object"
            raise UsageError(what, where=f"s3://{bucket}/{key}", fix="correct the key, or give the value") from error
    owner = lane.place.account
    for key, body in referred.objects.items():
        try:
            aws.s3.put_object(
                Bucket=lane.bucket,
                Key=key,
                Body=body,
                ContentType="application/json",
                ExpectedBucketOwner=owner,
            )
        except ClientError as error:
            raise LanesError(f"the input cannot be written: {error}", where=f"s3://{lane.bucket}/{key}") from error
