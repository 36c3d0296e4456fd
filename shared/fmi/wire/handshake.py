"""The first words of two ranks on a fresh connection: is this the peer that was meant?

Each side sends HELLO: magic, version, own rank, peer's rank, a digest of the run, a nonce. When it has read the other's
HELLO, it sends PROOF: an HMAC of the other's nonce under the team's key. Without a key, the proof still shows that both
sides agree on run and ranks. With a key, only its holders can give the proof.

The rules::

    HELLO  --peer's HELLO is right-->  PROOF  --peer's PROOF is right-->  DONE
      |                                  |
      +----anything else-----------------+-->  BROKEN
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import struct
from dataclasses import dataclass

from shared.fmi.wire.events import Broken

_HELLO = struct.Struct("!4sBxHII16s16s")
_MAGIC = b"LFMI"
_VERSION = 1
_PROOF_SIZE = 16
NONCE_SIZE = 16


@dataclass(frozen=True, slots=True)
class Verified:
    """The peer is the rank that was meant, in the same run."""


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
        peer: The rank the other side must have.
        nonce: 16 random bytes, fresh for every connection.
        key: The team's key, or empty.
    """

    def __init__(self, run: str, rank: int, peer: int, nonce: bytes, key: bytes = b"") -> None:
        self._run = run_digest(run)
        self._rank, self._peer, self._nonce, self._key = rank, peer, nonce, key
        self._state = _State.HELLO
        self._buffer = bytearray()

    def hello(self) -> bytes:
        """Return the bytes to send first."""
        return _HELLO.pack(_MAGIC, _VERSION, 0, self._rank, self._peer, self._run, self._nonce)

    def receive(self, data: bytes) -> tuple[bytes, list[Verified | Broken]]:
        """Take *data* from the peer. Return the bytes to send, and what is known now."""
        self._buffer += data
        answer = b""
        if self._state is _State.HELLO and len(self._buffer) >= _HELLO.size:
            hello = bytes(self._buffer[: _HELLO.size])
            del self._buffer[: _HELLO.size]
            wrong = self._judge(hello)
            if wrong:
                return b"", [self._break(wrong)]
            self._state = _State.PROOF
            self._expected = self._proof(self._nonce, self._peer, self._rank)
            answer = self._proof(hello[-NONCE_SIZE:], self._rank, self._peer)
        if self._state is _State.PROOF and len(self._buffer) >= _PROOF_SIZE:
            if not hmac.compare_digest(bytes(self._buffer[:_PROOF_SIZE]), self._expected):
                return answer, [self._break("its proof is wrong: another team key")]
            del self._buffer[:_PROOF_SIZE]
            self._state = _State.DONE
            return answer, [Verified()]
        return answer, []

    @property
    def surplus(self) -> bytes:
        """What the peer sent after its proof: the start of its first frame."""
        return bytes(self._buffer)

    @property
    def wanted(self) -> int:
        """How many bytes may be read now without reading past the handshake."""
        size = {_State.HELLO: _HELLO.size + _PROOF_SIZE, _State.PROOF: _PROOF_SIZE}.get(self._state, 0)
        return max(size - len(self._buffer), 0)

    def _judge(self, hello: bytes) -> str | None:
        magic, version, _, rank, peer, run, _ = _HELLO.unpack(hello)
        if magic != _MAGIC:
            return "it does not speak this protocol"
        if version != _VERSION:
            return f"it speaks version {version}, we speak {_VERSION}"
        if run != self._run:
            return "it belongs to another run"
        if (rank, peer) != (self._peer, self._rank):
            return f"it is rank {rank} and wants rank {peer}"
        return None

    def _proof(self, nonce: bytes, prover: int, verifier: int) -> bytes:
        said = b"fmi-proof" + nonce + self._run + struct.pack("!II", prover, verifier)
        return hmac.new(self._key, said, hashlib.sha256).digest()[:_PROOF_SIZE]

    def _break(self, reason: str) -> Broken:
        self._state = _State.BROKEN
        self._buffer.clear()
        return Broken(reason)
