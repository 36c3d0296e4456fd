"""What was deleted or delivered is forgotten: moto 5.2 keeps some of it until it is reset.

It keeps every object that it ever made, for the pages of a dashboard: each message of a queue, each log event, each
object of S3 with its content, each code zip, deleted or not. A topic keeps all that was ever published, for tests. The
tags of a log group and of a bucket stay when that is deleted. Nothing that this cloud serves reads any of it.
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING

from moto.core.common_models import BaseModel
from moto.logs.models import LogsBackend
from moto.s3.models import FakeKey, S3Backend
from moto.sns.models import Topic

from shared.local.seams import Seam, plugged, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moto.s3.models import FakeBucket


@contextlib.contextmanager
def gone_things_forgotten() -> Iterator[None]:
    """Have moto keep nothing but what is there, while the block lasts."""
    seams = [
        replacing(BaseModel, "__new__", staticmethod(_new)),
        replacing(FakeKey, "__del__", FakeKey.dispose),  # moto's own warns: with its list, only its reset came here
        Seam(Topic, "publish", _not_noting),
        Seam(LogsBackend, "delete_log_group", _with_tags_of_group),
        Seam(S3Backend, "delete_bucket", _with_tags_of_bucket),
    ]
    with plugged(seams):
        yield


def _new(kind: type[BaseModel], *_: object, **__: object) -> BaseModel:
    return object.__new__(kind)


def _not_noting(original: Callable[..., str]) -> Callable[..., str]:
    @functools.wraps(original)
    def publish(self: Topic, *args: object, **named: object) -> str:
        message_id = original(self, *args, **named)
        self.sent_notifications.clear()
        return message_id

    return publish


def _with_tags_of_group(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def delete_log_group(self: LogsBackend, name: str) -> None:
        group = self.groups.get(name)
        original(self, name)
        if group is not None:
            self.tagger.delete_all_tags_for_resource(group.arn)

    return delete_log_group


def _with_tags_of_bucket(original: Callable[..., FakeBucket | None]) -> Callable[..., FakeBucket | None]:
    @functools.wraps(original)
    def delete_bucket(self: S3Backend, name: str) -> FakeBucket | None:
        gone = original(self, name)
        if gone is not None:
            self.tagger.delete_all_tags_for_resource(gone.arn)
        return gone

    return delete_bucket
