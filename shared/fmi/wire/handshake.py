"""The first words of two ranks on a fresh connection: is this the peer that was meant?

Each side sends HELLO: magic, version, own rank, peer's rank, a digest of the run, a nonce. When it has read the other's
HELLO, it sends PROOF: an HMAC of the other's nonce under the team's key. Without a key, the proof still shows that both
sides agree on run and ranks. With a key, only its holders can give the proof.

Whoever connects knows its peer and says HELLO first. Whoever was connected to learns from the peer's HELLO which of the
wanted ranks it is, and answers with HELLO and PROOF. Where both have connected, both say HELLO at once.

The rules::

    HELLO  --peer's HELLO is right-->  PROOF  --peer's PROOF is right-->  DONE
      |                                  |
      +----anything else-----------------+-->  BROKEN

A peer that says in its HELLO that it is this very rank, and proves it, is another process that runs as this rank in the
same run. It is told apart from this process by its nonce: one process's nonces begin alike.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.fmi.wire.events import Broken, LocalProtocolError

if TYPE_CHECKING:
    from collections.abc import Container

_HELLO = struct.Struct("!4sBxHII16s16s")
_MAGIC = b"LFMI"
_VERSION = 2
_PROOF_SIZE = 16
NONCE_SIZE = 16
PROCESS_SIZE = 8
"""Bytes at the front of a nonce that are the same in all handshakes of one process, and random. The rest is fresh."""

_SHOWN = 16  # bytes of a stranger's first words that its description shows: our choice, a request line's start


@dataclass(frozen=True, slots=True)
class Verified:
    """The other side is rank ``peer``, as was meant, in the same run."""

    peer: int


@dataclass(frozen=True, slots=True)
class Twin:
    """The other side runs as this very rank, in the same run."""


class _State(enum.Enum):
    HELLO = "hello"
    PROOF = "proof"
    DONE = "done"
    BROKEN = "broken"


def run_digest(run: str) -> bytes:
    """Return the 16 bytes that stand for *run* (team, execution and communicator name) in a HELLO."""
    return hashlib.sha256(run.encode()).digest()[:16]


class Handshake:
    """One side of the handshake.

    Args:
        run: Team, execution and communicator name, on which both sides must agree.
        rank: This side's rank.
        peer: The rank the other side must have; None if any of *wanted* may have connected.
        nonce: 16 bytes: PROCESS_SIZE of this process's own, the rest random and fresh for every connection.
        key: The team's key, or empty.
        wanted: The ranks that may have connected, where *peer* is None.
    """

    def __init__(  # noqa: PLR0913, PLR0917  whose side it is, and what makes it sure of the other
        self, run: str, rank: int, peer: int | None, nonce: bytes, key: bytes = b"", wanted: Container[int] = ()
    ) -> None:
        self.peer = peer
        self._run = run_digest(run)
        self._rank, self._nonce, self._key, self._wanted = rank, nonce, key, wanted
        self._twin = False
        self._said = peer is not None
        self._state = _State.HELLO
        self._buffer = bytearray()

    def hello(self) -> bytes:
        """Return the bytes to send first: nothing while the peer is not known."""
        return b"" if self.peer is None else self._hello(self.peer)

    def receive(self, data: bytes) -> tuple[bytes, list[Verified | Twin | Broken]]:
        """Take *data* from the peer. Return the bytes to send, and what is known now."""
        self._buffer += data
        answer = b""
        if self._state is _State.HELLO and len(self._buffer) >= _SHOWN and not self._buffer.startswith(_MAGIC):
            return b"", [self._break(self._strange())]
        if self._state is _State.HELLO and len(self._buffer) >= _HELLO.size:
            hello = bytes(self._buffer[: _HELLO.size])
            del self._buffer[: _HELLO.size]
            wrong = self._judge(hello)
            if wrong:
                return b"", [self._break(wrong)]
            answer = self._answer(hello[-NONCE_SIZE:])
        if self._state is _State.PROOF and len(self._buffer) >= _PROOF_SIZE:
            if not hmac.compare_digest(bytes(self._buffer[:_PROOF_SIZE]), self._expected):
                return answer, [self._break("its proof is wrong: another team key")]
            del self._buffer[:_PROOF_SIZE]
            self._state = _State.DONE
            return answer, [Twin() if self._twin else Verified(self._peer)]
        return answer, []

    def end(self) -> Broken:
        """The other side closed, or was silent for too long. Return what that says of it."""
        if self._state is _State.PROOF:
            return self._break("it gave no proof")
        return self._break(self._strange() if self._buffer else "it said nothing after connecting")

    @property
    def met(self) -> bool:
        """Whether the other side's HELLO is right, so that most likely it is the peer."""
        return self._state in {_State.PROOF, _State.DONE}

    @property
    def spoken(self) -> bool:
        """Whether the other side has said something that is no HELLO yet."""
        return self._state is _State.HELLO and bool(self._buffer)

    @property
    def surplus(self) -> bytes:
        """What the peer sent after its proof: the start of its first frame."""
        return bytes(self._buffer)

    @property
    def wanted(self) -> int:
        """How many bytes may be read now without reading past the handshake."""
        size = {_State.HELLO: _HELLO.size + _PROOF_SIZE, _State.PROOF: _PROOF_SIZE}.get(self._state, 0)
        return max(size - len(self._buffer), 0)

    @property
    def _peer(self) -> int:
        if self.peer is None:
            raise LocalProtocolError("the peer is known from its HELLO on")
        return self.peer

    def _hello(self, peer: int) -> bytes:
        return _HELLO.pack(_MAGIC, _VERSION, 0, self._rank, peer, self._run, self._nonce)

    def _judge(self, hello: bytes) -> str | None:
        """Return what is wrong with a HELLO; learn from a right one who its sender is."""
        _, version, _, rank, peer, run, nonce = _HELLO.unpack(hello)
        if version != _VERSION:
            return f"it speaks version {version}, we speak {_VERSION}"
        if run != self._run:
            return "it belongs to another run"
        if nonce[:PROCESS_SIZE] == self._nonce[:PROCESS_SIZE]:
            return "it is this process itself"
        # A second process of this rank says the same as this one does: that it is this rank, and whom it wants.
        self._twin = rank == self._rank
        sender, addressed = (peer, rank) if self._twin else (rank, peer)
        known = sender in self._wanted if self.peer is None else sender == self.peer
        if addressed != self._rank or not known:
            return f"it is rank {rank} and wants rank {peer}"
        self.peer = sender
        return None

    def _answer(self, nonce: bytes) -> bytes:
        """Go on to the proofs; return what answers the peer's HELLO with its *nonce*."""
        self._state = _State.PROOF
        prover, verifier = (self._rank, self._peer) if self._twin else (self._peer, self._rank)
        self._expected = self._proof(self._nonce, prover, verifier)
        hello = b"" if self._said else self._hello(self._peer)
        return hello + self._proof(nonce, self._rank, self._peer)

    def _strange(self) -> str:
        shown = bytes(self._buffer[:_SHOWN])
        return f"it does not speak this protocol: it began with {shown!r}"

    def _proof(self, nonce: bytes, prover: int, verifier: int) -> bytes:
        said = b"fmi-proof" + nonce + self._run + struct.pack("!II", prover, verifier)
        return hmac.digest(self._key, said, "sha256")[:_PROOF_SIZE]

    def _break(self, reason: str) -> Broken:
        self._state = _State.BROKEN
        self._buffer.clear()
        return Broken(reason)
