"""Large code goes through the lane's bucket, as AWS asks: once for all functions that run it.

Lambda takes 50 MB in a request, which it wants in Base64, once for each function: four functions of a package of 28 MB
are 150 MB to upload. From S3 it takes zips of up to 250 MB unzipped. ``lanes`` and the ``chalice`` command
both deploy through Chalice's client, so here is a client of Lambda for Chalice that takes the second way.

Lambda fetches exactly what was sent: the object is named by its hash, S3 confirms the hash, and Lambda is told the
version. The object lies under the scratch prefix, where the bucket's lifecycle removes it. Lambda keeps its own copy.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.errors import LanesError
from shared.isolation.roles.own_names import CODE

if TYPE_CHECKING:
    from shared.aws.client import Aws
    from shared.config.lane import Lane


_LARGEST = 2 * 1024**2  # bytes: what is smaller is sent sooner than S3 is asked


class LargeCodeClient:
    """Lambda's client, but code of more than 2 MB goes through the bucket of *lane*.

    Args:
        aws: Where.
        lane: Whose functions are deployed.
        largest: How many bytes of a zip go to Lambda itself.
    """

    def __init__(self, aws: Aws, lane: Lane, *, largest: int = _LARGEST) -> None:
        self._aws = aws
        self._lane = lane
        self._largest = largest
        self._sending = Lock()  # functions that are made at once share what the first of them sends
        self._versions: dict[str, str] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._aws.lambda_, name)

    def create_function(self, **given: object) -> object:
        """Create a function."""
        code = given["Code"]
        sent = self._sent(code) if isinstance(code, Mapping) else code
        answer: object = self._aws.client("lambda").create_function(**{**given, "Code": sent})
        return answer

    def update_function_code(self, **given: object) -> object:
        """Change a function's code."""
        answer: object = self._aws.client("lambda").update_function_code(**self._sent(given))
        return answer

    def _sent(self, given: Mapping[str, object]) -> Mapping[str, object]:
        """Return *given* with the place of its code instead of the code, where the code is large.

        Raises:
            LanesError: The bucket is not there, or S3 does not take it.
        """
        content = given.get("ZipFile")
        if not isinstance(content, bytes) or len(content) <= self._largest:
            return given
        digest = hashlib.sha256(content)
        key = f"{CODE}{digest.hexdigest()}.zip"
        try:
            with self._sending:
                if key not in self._versions:
                    checksum = base64.b64encode(digest.digest()).decode()
                    self._versions[key] = self._version(key, content, checksum)
        except ClientError as error:
            raise LanesError(
                f"the package has {len(content) / 1024**2:.1f} MB and could not be put into the lane's "
                f"bucket, from which Lambda takes it: {error}",
                where=f"s3://{self._lane.bucket}/{key}",
                fix=f"lanes deploy {self._lane.team} makes the bucket; else see who may write to it",
            ) from error
        others = {name: value for name, value in given.items() if name != "ZipFile"}
        return {**others, "S3Bucket": self._lane.bucket, "S3Key": key, "S3ObjectVersion": self._versions[key]}

    def _version(self, key: str, content: bytes, checksum: str) -> str:
        """Return the version of the object called *key* that holds *content*: the one that is there, or a new one."""
        s3, bucket, owner = self._aws.s3, self._lane.bucket, self._lane.place.account
        try:
            there = s3.head_object(Bucket=bucket, Key=key, ExpectedBucketOwner=owner, ChecksumMode="ENABLED")
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != HTTPStatus.NOT_FOUND:  # a HEAD has no code
                raise
        else:
            if there.get("ChecksumSHA256") == checksum and "VersionId" in there:
                return there["VersionId"]
        made = s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=content,
            ExpectedBucketOwner=owner,
            ChecksumAlgorithm="SHA256",
            ChecksumSHA256=checksum,
        )
        return made["VersionId"]
