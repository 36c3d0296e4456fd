"""The body of a request that carries an object: left where it is until S3 reads it, then streamed to a file.

Everybody before that (the reading of calls, IAM's decisions, Flask, moto) sees a request without a body.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING

from shared.local.changing import apart
from shared.local.door.arrived import TRAILERS, arrived
from shared.local.door.refused import RefusedError
from shared.local.objects import sums
from shared.local.objects.contents import CHUNK
from shared.local.objects.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Future
    from wsgiref.types import WSGIEnvironment

    from shared.local.calls import Call
    from shared.local.door.chunks import Source
    from shared.local.objects.contents import Content, Contents
    from shared.local.objects.sums import Sum

BODY = "lanes.object"
"""The key of a WSGI environ under which the body of an object waits to be read."""

LARGEST = 5 << 30
"""What one request may carry, in bytes."""

_SUM = "x-amz-checksum-"
_NAMED = {f"{_SUM}{name.lower()}": name for name in (*sums.ALGORITHMS, *sums.LATER)}
_MD5_BYTES = 16
_MUCH = 8 << 20  # bytes, for which a thread of its own is worth it
_CARRY = frozenset({"PutObject", "UploadPart"})


def carries_object(call: Call) -> bool:
    """Return whether the body of *call* is an object, or a part of one."""
    return call.service == "s3" and call.operation in _CARRY


def leave_unread(environ: WSGIEnvironment) -> None:
    """Put the body of the request aside, for :func:`receive`, and for nobody else."""
    environ[BODY] = environ["wsgi.input"]
    environ["wsgi.input"] = BytesIO()
    environ["CONTENT_LENGTH"] = "0"


@dataclass(frozen=True)
class Received:
    """A content that came, with what was calculated of it.

    Attributes:
        content: The content.
        md5: Its MD5.
        algorithm: The algorithm of its checksum.
        digest: Its checksum.
    """

    content: Content
    md5: bytes
    algorithm: str
    digest: bytes

    @cached_property
    def sum(self) -> str:
        """Its checksum as headers have it."""
        return sums.written(self.digest)


def receive(environ: WSGIEnvironment, contents: Contents, algorithm: str = "") -> Received:
    """Read the body that was put aside, check it against what the headers say of it, and keep it.

    Args:
        environ: The request.
        contents: Where to.
        algorithm: The algorithm of its checksum; empty for the one that the request names, or else S3's own.

    Raises:
        Refusal: It is too large, or not what was sent.
        OSError: It cannot be kept.
    """
    with apart():  # a slow sender keeps nobody's change from being written
        return _receive(environ, contents, algorithm)


def _receive(environ: WSGIEnvironment, contents: Contents, algorithm: str) -> Received:
    headers = dict(arrived(environ).headers)
    expected = _length(headers)
    told, trailing = asked_sum(headers)
    stated, wanted = headers.get(f"{_SUM}{told.lower()}"), _md5(headers)
    algorithm = algorithm or told or sums.USUAL
    seen = {name: sums.begin(name) for name in {told or algorithm, algorithm}}
    try:
        with contents.new() as draft, _md5_beside(expected) as md5:
            for data in _chunks(environ.get(BODY) or BytesIO(), expected):
                if draft.size + len(data) > LARGEST:
                    raise _too_large(draft.size + len(data))
                for each in (md5, *seen.values()):
                    each.update(data)
                draft.write(data)
            if expected not in {None, draft.size}:
                raise _incomplete()
            if wanted and md5.digest() != wanted:
                raise Refusal("BadDigest", "The Content-MD5 you specified did not match what we received.")
            if trailing:
                stated = environ.get(TRAILERS, {}).get(trailing)
                if stated is None:
                    raise Refusal("MalformedTrailerError", f"{trailing} was to follow the body, and did not")
            if stated is not None and stated != sums.written(seen[told].digest()):
                raise Refusal("BadDigest", f"The {told} you specified did not match the calculated checksum.")
            return Received(draft.finish(), md5.digest(), algorithm, seen[algorithm].digest())
    except RefusedError as error:  # the door's: it is not what was signed
        raise Refusal(error.wrong.s3, f"{error.what}; {error.fix}", error.status) from error


def calculated(contents: Contents, content: Content, algorithm: str) -> Received:
    """Return *content* as if it had come just now. All of it is read."""
    sum_ = sums.begin(algorithm)
    with _md5_beside(content.size) as md5:
        for data in contents.read(content):
            md5.update(data)
            sum_.update(data)
        return Received(content, md5.digest(), algorithm, sum_.digest())


@contextlib.contextmanager
def _md5_beside(size: int | None) -> Iterator[Sum]:
    """Give an MD5 that a thread of its own calculates, if there is much to do: it takes as long as all the rest."""
    md5 = hashlib.md5(usedforsecurity=False)
    if size is not None and size < _MUCH:
        yield md5
        return
    with ThreadPoolExecutor(1) as thread:
        yield _Beside(md5, thread)


class _Beside:
    """A checksum that another thread calculates. Data must stay as it is until the next data is added."""

    def __init__(self, sum_: Sum, thread: ThreadPoolExecutor) -> None:
        self._sum = sum_
        self._thread = thread
        self._under_way: Future[None] = thread.submit(lambda: None)

    def update(self, data: bytes | memoryview) -> None:
        self._under_way.result()
        self._under_way = self._thread.submit(self._sum.update, data)

    def digest(self) -> bytes:
        self._under_way.result()
        return self._sum.digest()


def _chunks(body: Source, expected: int | None) -> Iterator[memoryview]:
    """Yield *body* in chunks, each of which is gone when the one after the next is asked for."""
    size = CHUNK if expected is None else min(CHUNK, expected + 1)
    for room in itertools.cycle([memoryview(bytearray(size)) for _ in range(2)]):
        read = body.readinto(room)
        if not read:
            return
        yield room[:read]


def _length(headers: Mapping[str, str]) -> int | None:
    """Return how long the content must be; None if that is not known."""
    told = headers.get("x-amz-decoded-content-length", headers.get("content-length"))
    if told is None or not told.isdigit():
        return None
    if int(told) > LARGEST:
        raise _too_large(int(told))
    return int(told)


def asked_sum(headers: Mapping[str, str]) -> tuple[str, str]:
    """Return the algorithm of the checksum that the request names, and the header after the body that has it.

    Both are empty if there is none.
    """
    given = [name for name in headers if name in _NAMED]
    trailing = headers.get("x-amz-trailer", "").strip().lower()
    if len(given) + (trailing in _NAMED) > 1:
        raise Refusal(
            "InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    said = headers.get("x-amz-sdk-checksum-algorithm", "").upper()
    algorithm = _NAMED[trailing] if trailing in _NAMED else _NAMED[given[0]] if given else said
    if said and said not in {algorithm, ""}:
        raise Refusal("InvalidRequest", "Value for x-amz-sdk-checksum-algorithm header is invalid.")
    if given:
        _check_written(given[0], headers[given[0]])
    known(algorithm)
    return algorithm, trailing if trailing in _NAMED else ""


def known(algorithm: str) -> None:
    """Do nothing if *algorithm* is empty or one that is calculated here.

    Raises:
        Refusal: It is not, or S3 itself has none of that name.
    """
    if algorithm in sums.LATER:
        raise Refusal(
            "NotImplemented",
            f"the embedded cloud does not calculate {algorithm} checksums, though AWS does; use one of "
            f"{', '.join(sums.ALGORITHMS)}, or try it on AWS",
            HTTPStatus.NOT_IMPLEMENTED,
        )
    if algorithm and algorithm not in sums.ALGORITHMS:
        raise Refusal(
            "InvalidRequest",
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
            f"[{', '.join(sums.ALGORITHMS)}]",
        )


def _check_written(name: str, value: str) -> None:
    """Refuse a checksum that is none."""
    algorithm = _NAMED[name]
    size = sums.CRCS.get(algorithm) or {"SHA1": 20, "SHA256": 32}.get(algorithm)
    decoded = _decoded(value)
    if size is not None and (decoded is None or len(decoded) != size):
        raise Refusal("InvalidRequest", f"Value for {name} header is invalid.")


def _md5(headers: Mapping[str, str]) -> bytes | None:
    if "content-md5" not in headers:
        return None
    decoded = _decoded(headers["content-md5"])
    if decoded is None or len(decoded) != _MD5_BYTES:
        raise Refusal("InvalidDigest", "The Content-MD5 you specified was invalid.")
    return decoded


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None


def _incomplete() -> Refusal:
    return Refusal(
        "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header"
    )


def _too_large(size: int) -> Refusal:
    return Refusal(
        "EntityTooLarge",
        "Your proposed upload exceeds the maximum allowed size",
        more={"ProposedSize": size, "MaxSizeAllowed": LARGEST},
    )
