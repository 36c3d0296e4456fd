"""Code of functions from a version of an object in S3, where moto 5.2 takes the newest whatever the request says.

Source: Lambda API reference, FunctionCode and UpdateFunctionCode, S3ObjectVersion (read 2026-11-30).
"""

from __future__ import annotations

import functools
from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from moto.awslambda import models
from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaFunction
from moto.s3.models import s3_backends

from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    SetCode = Callable[[LambdaFunction, dict[str, Any]], None]

_NO_VERSION = (
    "Error occurred while GetObject. S3 Error Code: NoSuchVersion. "
    "S3 Error Message: The specified version does not exist."
)


_KEPT = 2  # contents: the functions of a lane are made one after the other, and share one


@contextmanager
def versions_of_code_read() -> Iterator[None]:
    """Have functions run the version of an object that was asked for, while the block lasts."""
    with plugged([Seam(LambdaFunction, "_set_function_code", functools.partial(_of_version, OrderedDict()))]):
        yield


def _of_version(kept: OrderedDict[tuple[str, str, str], Any], original: SetCode) -> SetCode:
    """Wrap the setting of code. What was read last is *kept*, so that functions with one code hold it once."""

    @functools.wraps(original)
    def set_code(function: LambdaFunction, spec: dict[str, Any]) -> None:
        version = spec.get("S3ObjectVersion")
        if not version or spec.get("DryRun"):
            original(function, spec)
            return
        bucket, key = spec["S3Bucket"], spec["S3Key"]
        objects = s3_backends[function.account_id][function.partition]
        found = objects.get_object(bucket, key, version_id=version)
        if found is None:
            raise InvalidParameterValueException(_NO_VERSION)
        content = kept.get((bucket, key, version)) or models._s3_content(found)  # noqa: SLF001  moto's own digests
        kept[bucket, key, version] = content
        while len(kept) > _KEPT:
            kept.popitem(last=False)
        function.code_bytes, function.code_size, function.code_sha_256, function.code_digest = content
        function.code["S3Bucket"], function.code["S3Key"] = bucket, key

    return set_code
