"""Whether a rendezvous server can pair ranks now. The only proof is to pair two sockets of our own.

The check speaks v1, which our server and every server in the field understand. It does them no harm. Whenever it
connects, it asks under a unique name, for an empty name kills the C++ server. It brings the second socket only when the
first was answered; so the name is joined, and no entry stays behind.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from typing import TYPE_CHECKING, Literal

from shared.fmi.rendezvous.keys import RENEW, Namespace
from shared.fmi.rendezvous.punch import listener, own_port, shared_port
from shared.fmi.rendezvous.resolve import address_of
from shared.fmi.rendezvous.verdict import Status, Verdict
from shared.fmi.wire.events import Broken, Endpoint, Paired, TimedOut, Told
from shared.fmi.wire.v1 import V1Client
from shared.fmi.wire.v2 import V2Client

if TYPE_CHECKING:
    from shared.fmi.wire.client import PairingClient
    from shared.fmi.wire.events import Event

_MACHINES: dict[str, type[PairingClient]] = {"v1": V1Client, "v2": V2Client}
_SIGN = "sign its name with a team's key (lanes rendezvous check --team TEAM): a server with keys lets no other in"
_ROOM = "wait until runs have met or ended, or start the server with a larger --waiting"


def check(  # noqa: PLR0913  the last two are only for servers that are not ours, or have keys
    host: str,
    port: int,
    timeout: float,
    degraded_after: float,
    *,
    protocol: Literal["v1", "v2"] = "v1",
    namespace: Namespace | None = None,
) -> Verdict:
    """Pair two sockets of our own through *host*:*port* and return a verdict. Never raises for a bad server.

    Args:
        host: A name or an IPv4 address.
        port: The rendezvous port.
        timeout: Seconds for all stages together.
        degraded_after: A working server that takes more seconds than this is degraded.
        protocol: The protocol to speak; ``v2`` only for a server without v1.
        namespace: The team and its key, for a server that lets in only signed names.
    """
    team = namespace or Namespace()
    probe = _Probe(host, port, timeout, team.team if team.key else "")
    unique = Namespace(team.team, f"check-{uuid.uuid4().hex}", "", team.key).pair_name(0, 1)
    try:
        probe.run(unique, _MACHINES[protocol])
    except _Down as down:
        return probe.verdict(down.status, down.reason, down.advice)
    if probe.doubt:
        return probe.verdict(Status.DEGRADED, probe.doubt)
    took = sum(probe.stages.values())
    if took > degraded_after:
        return probe.verdict(Status.DEGRADED, f"pairing took {took:.3f} s, more than {degraded_after:g} s")
    return probe.verdict(Status.HEALTHY, f"paired two sockets in {1000 * took:.1f} ms")


class _Down(Exception):
    def __init__(self, status: Status, reason: str, advice: str = "") -> None:
        super().__init__(reason)
        self.status, self.reason, self.advice = status, reason, advice


class _Probe:
    """One check: its stages, their times, and the time left. ``signer`` is the team that signs, empty for none."""

    def __init__(self, host: str, port: int, timeout: float, signer: str) -> None:
        self.host, self.port, self.address = host, port, ""
        self._signer = signer
        self.stages: dict[str, float] = {}
        self.doubt = ""
        self._timeout = timeout
        self._since = time.monotonic()
        self._deadline = self._since + timeout

    def run(self, name: bytes, kind: type[PairingClient]) -> None:
        self.address = self._timed("resolve", self._resolve())
        with own_port() as first, own_port() as second:
            mine, yours = kind(), kind()
            self._connect(first)
            self._mark("connect")
            told = self._ask(first, mine, name)
            self._mark("register")
            self._connect(second)
            met = self._ask(second, yours, name)
            met = self._next(second, yours) if isinstance(met, Told) else met
            back = self._next(first, mine)
            self._mark("pair")
            self._compare(told, back, met)
            self._echo(first, second)
            self._mark("echo")

    def verdict(self, status: Status, reason: str, advice: str = "") -> Verdict:
        return Verdict(status, self.host, self.port, self.address, dict(self.stages), reason, advice)

    def _mark(self, stage: str) -> None:
        now = time.monotonic()
        self.stages[stage], self._since = now - self._since, now

    def _timed(self, stage: str, value: str) -> str:
        self._mark(stage)
        return value

    def _left(self) -> float:
        return max(self._deadline - time.monotonic(), 0.001)

    def _resolve(self) -> str:
        """Return the host's IPv4 address. The resolver has no timeout of its own, so it runs in a thread."""
        outcome: list[str | OSError] = []

        def look_up() -> None:
            try:
                outcome.append(address_of(self.host))
            except OSError as error:
                outcome.append(error)

        thread = threading.Thread(target=look_up, name="rendezvous-resolve", daemon=True)
        thread.start()
        thread.join(self._left())
        if not outcome:
            raise _Down(Status.UNRESOLVABLE, f"the resolver said nothing of {self.host!r} in {self._timeout:g} s")
        if isinstance(outcome[0], OSError):
            raise _Down(Status.UNRESOLVABLE, f"{self.host!r} does not resolve: {outcome[0].strerror}")
        return outcome[0]

    def _connect(self, sock: socket.socket) -> None:
        sock.settimeout(self._left())
        try:
            sock.connect((self.address, self.port))
        except TimeoutError:
            self._mark("connect")
            reason = f"no answer to a connection within {self._timeout:g} s: hung, firewalled or gone"
            raise _Down(Status.HUNG, reason) from None
        except OSError as error:
            self._mark("connect")
            raise _Down(Status.REFUSED, f"{self.address}:{self.port} cannot be reached: {_plain(error)}") from None

    def _ask(self, sock: socket.socket, machine: PairingClient, name: bytes) -> Event:
        try:
            sock.sendall(machine.ask(name))
        except OSError as error:
            raise _Down(Status.REFUSED, f"the server cut the connection: {_plain(error)}") from None
        return self._next(sock, machine)

    def _next(self, sock: socket.socket, machine: PairingClient) -> Event:
        stage = "register" if "register" not in self.stages else "pair"
        while True:
            sock.settimeout(self._left())
            try:
                data = sock.recv(machine.wanted)
            except TimeoutError:
                self._mark(stage)
                reason = f"accepts connections but answers nothing within {self._timeout:g} s (stage {stage})"
                raise _Down(Status.HUNG, reason) from None
            except OSError as error:
                self._mark(stage)
                raise _Down(Status.REFUSED, f"the server cut the connection: {_plain(error)}") from None
            for event in machine.receive(data) if data else machine.end():
                if isinstance(event, (Told, Paired)):
                    return event
                self._mark(stage)
                if isinstance(event, TimedOut) and not event.token:
                    raise _Down(Status.REFUSED, "it is full: no further name may wait for its peer", _ROOM)
                raise self._turned_away(event.reason if isinstance(event, Broken) else "the server says error")

    def _turned_away(self, said: str) -> _Down:
        """Return the error for a server that is alive and does not let this name in."""
        how = f"signed with the key of {self._signer}" if self._signer else "that is not signed"
        reason = f"it answers connections and turned away a name {how}, or is at one of its limits: {said}"
        return _Down(Status.REFUSED, reason, RENEW if self._signer else _SIGN)

    def _compare(self, told: Event, back: Event, met: Event) -> None:
        if not (isinstance(told, Told) and isinstance(back, Paired) and isinstance(met, Paired)):
            raise _Down(Status.REFUSED, "the server answered out of order: it is no rendezvous server")
        if met.peer != told.you or back.peer != met.you:
            self.doubt = f"it paired {told.you} with {back.peer} and {met.you} with {met.peer}: not each other"

    def _echo(self, first: socket.socket, second: socket.socket) -> None:
        """Connect the two ports to each other, as ranks do, and send a few bytes there and back.

        Both are on this machine, so they meet at its own address: many NATs do not lead back to their own inside.
        """
        here, there = Endpoint(*first.getsockname()), Endpoint(*second.getsockname())
        try:
            with listener(here.port) as listening, shared_port(there.port) as dialing:
                listening.settimeout(self._left())
                dialing.settimeout(self._left())
                dialing.connect((here.host, here.port))
                accepted, _ = listening.accept()
                with accepted:
                    accepted.settimeout(self._left())
                    word = os.urandom(16)
                    dialing.sendall(word)
                    accepted.sendall(accepted.recv(16, socket.MSG_WAITALL))
                    heard = dialing.recv(16, socket.MSG_WAITALL)
        except OSError as error:
            self.doubt = f"the server pairs, but this machine cannot connect to its own port: {_plain(error)}"
            return
        if heard != word:
            self.doubt = "the server pairs, but the bytes between the two sockets came back changed"


def _plain(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)
