"""A body that is checked while it is read: against its digest, or piece by piece if it comes in pieces.

S3's clients call a body in pieces ``aws-chunked`` (Amazon S3 API Reference, "Signature calculations: transferring
payload in multiple chunks", with and without trailing headers; read 2026-11-29). Each piece is
``SIZE;chunk-signature=SIGNATURE``, a line end, its bytes and a line end; pieces that are not signed have only the size.
The last piece is empty. Trailing headers and, if pieces are signed, their signature follow it. What is read of such a
body is what the pieces hold.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import re
from typing import TYPE_CHECKING, Protocol

from shared.local.door.refused import RefusedError, Wrong
from shared.local.door.signature import SIGNED_CHUNKS, UNSIGNED, UNSIGNED_CHUNKS, Signed, sign

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _typeshed import WriteableBuffer

_EMPTY = hashlib.sha256().hexdigest()
_FIRST_LINE = re.compile(rb"([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?")
_LONGEST_LINE = 16_384  # bytes


class Source(Protocol):
    """Where the bytes of a body come from."""

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        """Read into *buffer* and return how many bytes came; 0 at the end."""


class Checker(Protocol):
    """Checks a body while it is read, and tells the content from what is around it."""

    @property
    def trailers(self) -> dict[str, str]:
        """The headers that came after the content, once it has ended; names in lower case."""

    def feed(self, data: memoryview) -> Sequence[memoryview]:
        """Check the next bytes and return the content in them; raise RefusedError if they are not what was signed."""

    def finish(self) -> None:
        """Check the whole at its end; raise the same."""


class Digest:
    """Checks a body against its SHA-256, *wanted* in hex digits."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self._seen = hashlib.sha256()
        self.trailers: dict[str, str] = {}

    def feed(self, data: memoryview) -> Sequence[memoryview]:
        """Add *data*, which is all content."""
        self._seen.update(data)
        return (data,)

    def finish(self) -> None:
        """Compare.

        Raises:
            RefusedError: It is a different body.
        """
        if not hmac.compare_digest(self._seen.hexdigest(), self._wanted):
            raise RefusedError(
                Wrong.OTHER_BODY,
                "The provided 'x-amz-content-sha256' header does not match what was computed: this is a different body",
                "send the request again",
            )


class Unchecked:
    """Lets a body through as it is."""

    def __init__(self) -> None:
        self.trailers: dict[str, str] = {}

    def feed(self, data: memoryview) -> Sequence[memoryview]:
        """Return *data*, which is all content."""
        return (data,)

    def finish(self) -> None:
        """Nothing says what it must be."""


class Chunks:
    """Takes a body that came in pieces apart. Their signatures, if any, are not checked.

    Args:
        trailing: Whether headers may follow the last piece.
    """

    def __init__(self, *, trailing: bool) -> None:
        self.trailers: dict[str, str] = {}
        self._trailing = trailing
        self._line = bytearray()
        self._left = -1  # bytes of the piece that are still to come; -1 while its first line is to come
        self._last = False

    def feed(self, data: memoryview) -> Sequence[memoryview]:
        """Return the content in *data*.

        Raises:
            RefusedError: A piece is not as it says.
        """
        found = []
        while data:
            if self._left > 0:
                piece = data[: self._left]
                self._see(piece)
                found.append(piece)
                self._left -= len(piece)
                data = data[len(piece) :]
            else:
                data = self._add_to_line(data)
        return found

    def finish(self) -> None:
        """Check that the last piece came.

        Raises:
            RefusedError: It did not come.
        """
        if not self._last or self._line.strip() or (self.trailers and not self._trailing):
            raise _broken("it ends too early, or has more than was signed")

    def _add_to_line(self, data: memoryview) -> memoryview:
        end = bytes(data[:_LONGEST_LINE]).find(b"\n")
        taken = end + 1 if end >= 0 else len(data)
        self._line += data[:taken]
        if len(self._line) > _LONGEST_LINE:
            raise _broken("a line of it is too long")
        if end >= 0:
            line = bytes(self._line).rstrip(b"\r\n")
            self._line.clear()
            self._take_line(line)
        return data[taken:]

    def _take_line(self, line: bytes) -> None:
        if self._left == 0:  # the line end after a piece
            if line:
                raise _broken("a piece is longer than it says")
            self._end_piece()
            self._left = -1
        elif self._last:
            self._take_trailer(line)
        else:
            told = _FIRST_LINE.fullmatch(line)
            if told is None:
                raise _broken("a piece does not begin with its length and its signature")
            self._begin_piece(told[2])
            self._left = int(told[1], 16)
            if self._left == 0:
                self._last = True
                self._end_piece()
                self._left = -1

    def _take_trailer(self, line: bytes) -> None:
        name, _, value = line.decode("latin-1").partition(":")
        if name:
            self.trailers[name.strip().lower()] = value.strip()

    def _begin_piece(self, signature: bytes | None) -> None:
        """A piece begins, with this *signature* if it has one."""

    def _see(self, data: memoryview) -> None:
        """These are bytes of the piece."""

    def _end_piece(self) -> None:
        """The piece is whole."""


class SignedChunks(Chunks):
    """Checks the pieces of a body. Each signature covers a piece and the signature before it.

    Args:
        signed: What the request says about its signature, which is the first.
        secret: The secret of its key.
    """

    def __init__(self, signed: Signed, secret: str) -> None:
        super().__init__(trailing=signed.payload.endswith("-TRAILER"))
        self._signed = signed
        self._secret = secret
        self._before = signed.signature
        self._wanted = ""
        self._seen = hashlib.sha256()
        self._trailer = b""
        self._done = False

    def finish(self) -> None:
        """Check that the last piece came, and the signature of trailing headers.

        Raises:
            RefusedError: One did not come.
        """
        super().finish()
        if self._trailing and not self._done:
            raise _broken("it ends too early, or has more than was signed")

    def _begin_piece(self, signature: bytes | None) -> None:
        if signature is None:
            raise _broken("a piece does not begin with its length and its signature")
        self._wanted = signature.decode()
        self._seen = hashlib.sha256()

    def _see(self, data: memoryview) -> None:
        self._seen.update(data)

    def _end_piece(self) -> None:
        self._check(f"{_EMPTY}\n{self._seen.hexdigest()}", self._wanted, "PAYLOAD")

    def _take_trailer(self, line: bytes) -> None:
        name, _, value = line.decode("latin-1").partition(":")
        if self._done and line:
            raise _broken("something follows the last signature")
        if name == "x-amz-trailer-signature":
            self._check(hashlib.sha256(self._trailer).hexdigest(), value.strip(), "TRAILER")
            self._done = True
        elif line:
            self._trailer += f"{name.lower()}:{value.strip()}\n".encode("latin-1")
            super()._take_trailer(line)

    def _check(self, what: str, wanted: str, kind: str) -> None:
        signed = self._signed
        text = f"AWS4-HMAC-SHA256-{kind}\n{signed.moment}\n{signed.scope}\n{self._before}\n{what}"
        if not hmac.compare_digest(sign(signed, self._secret, text), wanted.encode("latin-1")):
            raise _broken("a piece of it is not what was signed")
        self._before = wanted


def checker(payload: str, signed: Signed | None = None, secret: str = "") -> Checker:
    """Return what checks the body of a request.

    Args:
        payload: What the request says about its body: its digest, a word in its place, or nothing.
        signed: What it says about its signature; None if that is not to be checked.
        secret: The secret of its key.
    """
    if payload in SIGNED_CHUNKS and signed is not None:
        return SignedChunks(signed, secret)
    if payload in {UNSIGNED_CHUNKS, *SIGNED_CHUNKS}:
        return Chunks(trailing=payload.endswith("-TRAILER"))
    return Unchecked() if signed is None or payload in {"", UNSIGNED} else Digest(payload)


class CheckedBody(io.RawIOBase):
    """A WSGI input that checks a request's body while it is read, and holds its content alone.

    The last byte is handed out only if all of them are right. Of a body of unknown length that is so at its end: who
    reads less than all of it has not checked it.

    Args:
        body: Where the bytes come from.
        length: How many there are; None if they end by themselves.
        check: Checks them.

    Raises:
        RefusedError: There are none, and there should be.
    """

    def __init__(self, body: Source, length: int | None, check: Checker) -> None:
        super().__init__()
        if length == 0:
            check.finish()
        self._body = body
        self._left = length
        self._check = check

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read into *buffer* and return how many bytes of content came; 0 at the end.

        Raises:
            RefusedError: They are not what was signed.
        """
        room = memoryview(buffer).cast("B")
        content = 0
        while room and not content and self._left != 0:
            taken = self._body.readinto(room[: self._left])
            if taken or self._left is not None:
                content = _moved_to_front(room, self._looked_at(room[:taken]))
            else:
                self._left = 0
                self._check.finish()
        return content

    def _looked_at(self, data: memoryview) -> Sequence[memoryview]:
        if not data:
            raise _broken("it ends too early")
        found = self._check.feed(data)
        if self._left is not None:
            self._left -= len(data)
            if not self._left:
                self._check.finish()
        return found


def _moved_to_front(room: memoryview, found: Sequence[memoryview]) -> int:
    """Move what was *found* in *room* to its beginning, and return its length."""
    size = 0
    for each in found:
        room[size : size + len(each)] = each
        size += len(each)
    return size


def _broken(what: str) -> RefusedError:
    return RefusedError(Wrong.MISMATCH, f"the body is not as it was signed: {what}", "send the request again")
