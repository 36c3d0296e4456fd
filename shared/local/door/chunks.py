"""A body that is checked while it is read: against its digest, or piece by piece if it is signed in pieces.

S3's clients call such a body ``aws-chunked`` (Amazon S3 API Reference, "Signature calculations: transferring payload
in multiple chunks", with and without trailing headers; read 2026-11-29). Each piece is
``SIZE;chunk-signature=SIGNATURE``, a line end, its bytes and a line end. The last piece is empty. Trailing headers and
their signature follow it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Protocol

from shared.local.door.refused import RefusedError, Wrong
from shared.local.door.signature import SIGNED_CHUNKS, UNSIGNED, UNSIGNED_CHUNKS, Signed, sign

if TYPE_CHECKING:
    from io import BufferedIOBase

_EMPTY = hashlib.sha256().hexdigest()
_FIRST_LINE = re.compile(rb"([0-9a-fA-F]{1,12});chunk-signature=([0-9a-f]{64})")
_LONGEST_LINE = 16_384  # bytes


class Checker(Protocol):
    """Checks a body while it is read."""

    def feed(self, data: bytes) -> None:
        """Check the next bytes; raise RefusedError if they are not what was signed."""

    def finish(self) -> None:
        """Check the whole at its end; raise the same."""


class Digest:
    """Checks a body against its SHA-256, *wanted* in hex digits."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self._seen = hashlib.sha256()

    def feed(self, data: bytes) -> None:
        """Add *data*."""
        self._seen.update(data)

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


class SignedChunks:
    """Checks the pieces of a body. Each signature covers a piece and the signature before it.

    Args:
        signed: What the request says about its signature, which is the first.
        secret: The secret of its key.
    """

    def __init__(self, signed: Signed, secret: str) -> None:
        self._signed = signed
        self._secret = secret
        self._before = signed.signature
        self._line = bytearray()
        self._wanted = ""
        self._left = -1  # bytes of the piece that are still to come; -1 while its first line is to come
        self._seen = hashlib.sha256()
        self._trailer = b""
        self._last = self._done = False

    def feed(self, data: bytes) -> None:
        """Check *data*.

        Raises:
            RefusedError: A piece is not what was signed.
        """
        view = memoryview(data)
        while view:
            if self._left > 0:
                piece = view[: self._left]
                self._seen.update(piece)
                self._left -= len(piece)
                view = view[len(piece) :]
            else:
                view = self._add_to_line(view)

    def finish(self) -> None:
        """Check that the last piece came.

        Raises:
            RefusedError: It did not come.
        """
        trailing = self._signed.payload.endswith("-TRAILER")
        if not self._last or (trailing and not self._done) or (not trailing and self._trailer):
            raise _broken("it ends too early, or has more than was signed")

    def _add_to_line(self, view: memoryview) -> memoryview:
        end = bytes(view[:_LONGEST_LINE]).find(b"\n")
        taken = end + 1 if end >= 0 else len(view)
        self._line += view[:taken]
        if len(self._line) > _LONGEST_LINE:
            raise _broken("a line of it is too long")
        if end >= 0:
            line = bytes(self._line).rstrip(b"\r\n")
            self._line.clear()
            self._take_line(line)
        return view[taken:]

    def _take_line(self, line: bytes) -> None:
        if self._left == 0:  # the line end after a piece
            if line:
                raise _broken("a piece is longer than it says")
            self._check_piece()
        elif self._last:
            self._take_trailer(line)
        else:
            told = _FIRST_LINE.fullmatch(line)
            if told is None:
                raise _broken("a piece does not begin with its length and its signature")
            self._left, self._wanted = int(told[1], 16), told[2].decode()
            if self._left == 0:
                self._last = True
                self._check_piece()

    def _check_piece(self) -> None:
        self._check(f"{_EMPTY}\n{self._seen.hexdigest()}", self._wanted, "PAYLOAD")
        self._seen = hashlib.sha256()
        self._left = -1

    def _take_trailer(self, line: bytes) -> None:
        name, _, value = line.decode("latin-1").partition(":")
        if self._done and line:
            raise _broken("something follows the last signature")
        if name == "x-amz-trailer-signature":
            self._check(hashlib.sha256(self._trailer).hexdigest(), value.strip(), "TRAILER")
            self._done = True
        elif line:
            self._trailer += f"{name.lower()}:{value.strip()}\n".encode("latin-1")

    def _check(self, what: str, wanted: str, kind: str) -> None:
        signed = self._signed
        text = f"AWS4-HMAC-SHA256-{kind}\n{signed.moment}\n{signed.scope}\n{self._before}\n{what}"
        if not hmac.compare_digest(sign(signed, self._secret, text), wanted.encode("latin-1")):
            raise _broken("a piece of it is not what was signed")
        self._before = wanted


def checker(signed: Signed, secret: str) -> Checker | None:
    """Return what checks the body of a request; None if the body is not signed.

    Args:
        signed: What the request says about its signature, and about its body.
        secret: The secret of its key.
    """
    if signed.payload in SIGNED_CHUNKS:
        return SignedChunks(signed, secret)
    return None if signed.payload in {"", UNSIGNED, UNSIGNED_CHUNKS} else Digest(signed.payload)


class CheckedBody:
    """A WSGI input that checks a request's body while it is read.

    The last byte is handed out only if all of them are right.

    Args:
        body: Where the bytes come from.
        length: How many there are.
        check: Checks them.
    """

    def __init__(self, body: BufferedIOBase, length: int, check: Checker) -> None:
        self._body = body
        self._left = length
        self._check = check

    def read(self, size: int = -1) -> bytes:
        """Return up to *size* bytes, or all that are left if *size* is negative.

        Raises:
            RefusedError: They are not what was signed.
        """
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._body.read(wanted) if wanted else b""
        if len(data) < wanted:
            raise _broken("it ends too early")
        return self._looked_at(data)

    def readline(self, size: int = -1) -> bytes:
        """Return one line, or its first *size* bytes.

        Raises:
            RefusedError: As :meth:`read`.
        """
        wanted = self._left if size < 0 else min(size, self._left)
        return self._looked_at(self._body.readline(wanted) if wanted else b"")

    def _looked_at(self, data: bytes) -> bytes:
        if data:
            self._left -= len(data)
            self._check.feed(data)
            if not self._left:
                self._check.finish()
        return data


def _broken(what: str) -> RefusedError:
    return RefusedError(Wrong.MISMATCH, f"the body is not as it was signed: {what}", "send the request again")
