"""What readers of distributed Maps read of S3: kept while a run is recorded, and given again to its replay.

Only texts are kept: a reader reads JSON, JSON Lines, CSV, or lists a folder.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.local.asl.services import Services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mypy_boto3_s3.client import S3Client

    from shared.values import Json

    Listings = Mapping[str, Sequence[Mapping[str, Json]]]


def address(bucket: str, key: str) -> str:
    """Return what an object, or a listing of what begins with *key*, is called in a recording."""
    return f"s3://{bucket}/{key}"


def parts_of(where: str) -> tuple[str, str]:
    """Return the bucket and the key in an address."""
    bucket, _, key = where.removeprefix("s3://").partition("/")
    return bucket, key


class KeepingServices(Services):
    """The clients of a run's first replay: what it reads of S3 comes from the run's own cloud, and is kept.

    Args:
        s3: The client of that cloud.
        stopped: When the run ended: what changed later is not what it read.
        clean: Returns the text of the object of an address without what nobody may keep.
    """

    def __init__(self, s3: S3Client, stopped: datetime, clean: Callable[[str, str], str]) -> None:
        super().__init__("")
        self._s3, self._stopped, self._clean = s3, stopped, clean
        self.objects: dict[str, str] = {}
        self.listings: dict[str, list[Mapping[str, Json]]] = {}
        self.problems: list[str] = []

    def client(self, _service: str, _region: str, _role: str = "") -> Any:
        """Return the client of S3; nothing else is called."""
        return self

    def get_object(self, Bucket: str, Key: str, **more: Any) -> dict[str, object]:  # noqa: N803  as boto3 calls them
        """Return the object, as it is now."""
        where = address(Bucket, Key)
        answer = self._s3.get_object(Bucket=Bucket, Key=Key, **more)
        body = answer["Body"].read()
        if answer["LastModified"].timestamp() > self._stopped.timestamp() + 1:  # S3 tells whole seconds
            self._refuse("it has changed since the run, which read something else", where)
        try:
            text = self.objects[where] = self._clean(where, body.decode())
        except UnicodeDecodeError:
            self._refuse("it is read, and it is no text", where)
            return {"Body": io.BytesIO(body)}
        return {"Body": io.BytesIO(text.encode())}

    def get_paginator(self, _operation: str) -> KeepingServices:
        """Return what pages through a listing."""
        return self

    def paginate(self, Bucket: str, Prefix: str = "", **more: object) -> Iterator[Mapping[str, Any]]:  # noqa: N803  as boto3 calls them
        """Yield the pages of a listing, as it is now."""
        kept = self.listings.setdefault(address(Bucket, Prefix), [])
        pages = self._s3.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=Bucket, Prefix=Prefix, **more):  # type: ignore[arg-type]  # the reader's own
            for entry in page.get("Contents", ()):
                modified = entry["LastModified"]
                if modified.timestamp() > self._stopped.timestamp() + 1:
                    self._refuse("it is new or has changed since the run", address(Bucket, entry["Key"]))
                kept.append(
                    {
                        "Key": entry["Key"],
                        "ETag": entry["ETag"],
                        "Size": entry["Size"],
                        "LastModified": modified.isoformat(),
                        "StorageClass": entry.get("StorageClass", "STANDARD"),
                    }
                )
            yield page

    def put_object(self, **_: object) -> None:
        """Take what a ResultWriter writes: the run has written it already."""

    def _refuse(self, what: str, where: str) -> None:
        self.problems.append(f"{where}: {what}")


class KeptServices(Services):
    """The clients of a replay: those of a test's cloud, but for what was kept.

    Args:
        objects: The texts of objects, by their addresses.
        listings: The entries of listings likewise.
        others: All else.
    """

    def __init__(self, objects: Mapping[str, str], listings: Listings, others: Services) -> None:
        super().__init__("")
        self._objects, self._listings, self._others = objects, listings, others

    def client(self, service: str, region: str, role: str = "") -> Any:
        """Return the client for *service*."""
        if service == "s3" and (self._objects or self._listings):
            return _KeptS3(self._objects, self._listings)
        return self._others.client(service, region, role)


class _KeptS3:
    """S3, as the readers and writers of Maps ask it."""

    def __init__(self, objects: Mapping[str, str], listings: Listings) -> None:
        self._objects, self._listings = objects, listings

    def get_object(self, Bucket: str, Key: str, **_: object) -> dict[str, object]:  # noqa: N803  as boto3 calls them
        where = address(Bucket, Key)
        if where not in self._objects:
            raise LookupError(f"the recording has no {where}: the run read {', '.join(self._objects) or 'no object'}")
        return {"Body": io.BytesIO(self._objects[where].encode())}

    def get_paginator(self, _operation: str) -> _KeptS3:
        return self

    def paginate(self, Bucket: str, Prefix: str = "", **_: object) -> Iterator[Mapping[str, Any]]:  # noqa: N803  as boto3 calls them
        where = address(Bucket, Prefix)
        if where not in self._listings:
            raise LookupError(f"the recording has no listing of {where}")
        entries = [
            {**entry, "LastModified": datetime.fromisoformat(str(entry["LastModified"]))}
            for entry in self._listings[where]
        ]
        yield {"Contents": entries}

    def put_object(self, **_: object) -> None:
        """Take what a ResultWriter writes; nobody reads it."""
