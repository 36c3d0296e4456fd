"""TCPunch version 1, the client's side (repository spcl/TCPunch). The server in the field speaks it.

The request is the bare name. Each answer is 8 bytes: IPv4 address and port in network order, and two bytes of padding.
The first answer is our own endpoint, the second the peer's.
"""

from __future__ import annotations

import struct

from shared.fmi.wire.client import PairingClient
from shared.fmi.wire.events import NOWHERE, Endpoint, Event, Paired, State, Told

_ANSWER = struct.Struct("!4sH2x")


def encode_endpoint(endpoint: Endpoint) -> bytes:
    """Return the 8 bytes that tell *endpoint*."""
    return _ANSWER.pack(endpoint.packed, endpoint.port)


class V1Client(PairingClient):
    """A v1 pairing. v1 has neither tokens nor relays, so they are left out of the request."""

    record_size = _ANSWER.size

    def __init__(self) -> None:
        super().__init__()
        self._you = NOWHERE

    def _encode(self, name: bytes, token: str, *, relay: bool) -> bytes:
        del token, relay
        return name

    def _decode(self, record: bytes) -> Event:
        endpoint = Endpoint.unpack(*_ANSWER.unpack(record))
        if self.state is State.ASKED:
            self._you = endpoint
            return Told(endpoint)
        return Paired(self._you, endpoint)
