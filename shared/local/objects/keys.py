"""moto's objects without their bytes: each has a content, which lies in files.

moto's FakeKey keeps the bytes in memory or in a temporary file. Here it keeps a :class:`Content` in ``content``, and
what S3 knows of its parts in ``parts``. Its state, as pickle asks for it, names the content's files.

``value`` still is all the bytes, for who in moto reads a whole object: templates of CloudFormation, code of functions,
S3 Select.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from moto.s3.models import FakeKey

from shared.local.objects import sums
from shared.local.objects.arriving import Received
from shared.local.objects.contents import Content
from shared.local.seams import Seam, replacing

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.objects.contents import Contents


class Part(NamedTuple):
    """A part of an object that came in parts.

    Attributes:
        number: Its number, from 1 on.
        size: In bytes.
        digest: Its checksum, of the object's algorithm.
    """

    number: int
    size: int
    digest: bytes


def seams(contents: Contents) -> tuple[Seam, ...]:
    """Return what makes moto's objects ones whose contents lie in *contents*."""
    return (
        Seam(FakeKey, "__init__", _made),
        replacing(FakeKey, "_value_buffer", property(None, lambda _, buffer: buffer.close())),  # nobody reads moto's
        replacing(FakeKey, "value", property(partial(_value, contents), partial(_set_value, contents))),
        replacing(FakeKey, "etag", property(partial(_etag, contents))),
        replacing(FakeKey, "dispose", _dispose),
        replacing(FakeKey, "__del__", lambda _: None),  # a content goes with the last reference to it
        replacing(FakeKey, "__getstate__", _state),
        replacing(FakeKey, "__setstate__", method(_set_state, contents)),
    )


def method(function: Callable[..., Any], contents: Contents) -> Callable[..., Any]:
    """Return *function*, whose first argument is *contents*, as a method of what is its second."""

    def call(self: Any, *args: Any, **named: Any) -> Any:
        return function(contents, self, *args, **named)

    return call


def _sum_up(key: FakeKey, received: Received) -> None:
    key._etag = received.md5.hex()  # noqa: SLF001  moto's own attribute
    key.checksum_algorithm = received.algorithm
    key.checksum_value = received.sum
    key.checksum_type = sums.FULL
    key.checksum_parts = None


def _made(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def make(self: FakeKey, name: object, value: object, *args: object, **named: object) -> None:
        self.content = Content()
        self.parts = ()
        original(self, name, value, *args, **named)
        self.disposed = True  # moto's own destructor has nothing to do, and nothing to warn of
        if isinstance(value, Received):
            _sum_up(self, value)

    return make


def _value(contents: Contents, key: FakeKey) -> bytes:
    if key.content is None:
        raise ValueError("the object was deleted")
    return contents.bytes_of(key.content)


def _set_value(contents: Contents, key: FakeKey, value: bytes | str | Received | Content) -> None:
    if isinstance(value, Received):
        key.content = value.content
    elif isinstance(value, Content):
        key.content = value
    else:
        key.content = contents.of(value.encode() if isinstance(value, str) else value)
    key.contentsize = key.content.size


def _etag(contents: Contents, key: FakeKey) -> str:
    if key._etag is None:  # noqa: SLF001  moto's own attribute
        md5 = hashlib.md5(usedforsecurity=False)
        for data in contents.read(key.content):
            md5.update(data)
        key._etag = md5.hexdigest()  # noqa: SLF001
    return f'"{key._etag}"'  # noqa: SLF001


def _dispose(self: FakeKey, garbage: bool = False) -> None:  # noqa: ARG001, FBT001, FBT002  as moto calls it
    """Let go of the content. Who reads it goes on."""
    self.content = None


def _state(self: FakeKey) -> dict[str, Any]:
    state = dict(vars(self))
    del state["lock"]
    state["content"] = None if self.content is None else self.content.told
    return state


def _set_state(contents: Contents, key: FakeKey, state: dict[str, Any]) -> None:
    told = state["content"]
    vars(key).update(state, content=None if told is None else contents.named(told), lock=threading.Lock())
