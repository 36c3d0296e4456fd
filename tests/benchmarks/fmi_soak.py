"""Soak the rendezvous: pairings while other clients go silent, send garbage, half-close, reset, flood and vanish.

Every fifth time, two clients that ask for many names over one connection meet too, among bad ones of their kind.

``python tests/benchmarks/fmi_soak.py`` does 1,000 pairings over 60 seconds and prints one JSON object; it exits 1 if a
pairing was lost or wrong. The suite runs a short one.
"""

import argparse
import asyncio
import json
import os
import random
import socket
import statistics
import struct
import subprocess
import sys
import time
import uuid
from collections import Counter, deque
from pathlib import Path

from shared.fmi.wire.events import Endpoint, Event, Paired
from shared.fmi.wire.v1 import V1Client
from shared.fmi.wire.v2 import MANY, MANY_KNOWN, REQUEST, Status, V2Client

KINDS = (V1Client, V2Client)
DEEDS = ("silent", "garbage", "half-close", "reset", "empty", "flood", "vanish")
MANY_DEEDS = ("many-flood", "many-half", "many-one-token", "many-stolen-token", "many-reset")
NAMES = 8  # of a good client that asks for many
_RESPONSE = struct.Struct("!B4sH4sH37s")


class Asker:
    """A well-behaved client."""

    def __init__(self, kind: type[V1Client] | type[V2Client], port: int) -> None:
        self.machine = kind()
        self.port = port
        self.socket = socket.socket()
        self.socket.settimeout(0)

    async def ask(self, name: bytes) -> None:
        """Connect and ask for *name*."""
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self.socket, ("127.0.0.1", self.port))
        self.endpoint = Endpoint(*self.socket.getsockname())
        await loop.sock_sendall(self.socket, self.machine.ask(name))

    async def next(self) -> Event:
        """Return the next event."""
        while True:
            data = await asyncio.get_running_loop().sock_recv(self.socket, self.machine.wanted)
            events = self.machine.receive(data) if data else self.machine.end()
            if events:
                return events[0]

    async def paired(self) -> Event:
        """Return what follows the waiting."""
        event = await self.next()
        while not isinstance(event, Paired) and self.machine.state.value == "waiting":
            event = await self.next()
        return event


async def pair(port: int, number: int, counts: Counter[str], times: list[float]) -> None:
    """One pairing; before it, now and then, a client of the same name that vanished."""
    name = b"soak-%d" % number
    if number % 3 == 0:
        await vanish(port, name)
    first, second = (Asker(random.choice(KINDS), port) for _ in range(2))
    with first.socket, second.socket:
        await first.ask(name)
        await first.next()
        since = time.perf_counter()
        await second.ask(name)
        heard, met = await asyncio.gather(second.paired(), first.paired())
        times.append(time.perf_counter() - since)
        if not (isinstance(heard, Paired) and isinstance(met, Paired)):
            counts["lost"] += 1
        elif (heard.peer, met.peer) != (first.endpoint, second.endpoint):
            counts["wrong"] += 1
        else:
            counts["right"] += 1


async def pair_many(port: int, number: int, counts: Counter[str], tokens: deque[str]) -> None:
    """Two connections that meet for many names; the tokens of the first are there to be stolen."""
    names = [b"soak-many-%d-%d" % (number, name) for name in range(NAMES)]
    first, second = socket.socket(), socket.socket()
    with first, second:
        told = await ask_many(port, first, names)
        tokens.extend(told)
        waits = await answers(first, NAMES)
        asked = await ask_many(port, second, names)
        heard, met = await answers(second, NAMES), await answers(first, NAMES)
        for token, status, _ in waits:
            counts["many_wrong"] += token not in told or status != Status.WAITING
        for got, end, other in ((heard, asked, first), (met, told, second)):
            right = sorted((token, Status.PAIRED, other.getsockname()[1]) for token in end)
            counts["many_right" if sorted(got) == right else "many_wrong"] += NAMES // 2


async def ask_many(port: int, sock: socket.socket, names: list[bytes], token: str = "") -> list[str]:
    """Connect *sock* and ask for *names*, each with a token of its own or all with *token*; return the tokens."""
    sock.settimeout(0)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sock, ("127.0.0.1", port))
    tokens = [token or str(uuid.uuid4()) for _ in names]
    requests = zip(names, tokens, strict=True)
    await loop.sock_sendall(sock, b"".join(REQUEST.pack(name, text.encode(), MANY) for name, text in requests))
    return tokens


async def answers(sock: socket.socket, number: int) -> list[tuple[str, int, int]]:
    """Return *number* answers: token, status and the peer's port."""
    data = b""
    while len(data) < number * _RESPONSE.size:
        piece = await asyncio.get_running_loop().sock_recv(sock, number * _RESPONSE.size - len(data))
        if not piece:
            break
        data += piece
    records = _RESPONSE.iter_unpack(data[: len(data) - len(data) % _RESPONSE.size])
    return [(token.rstrip(b"\0").decode(), status & ~MANY_KNOWN, port) for status, _, _, _, port, token in records]


async def misbehave_many(port: int, deed: str, held: list[socket.socket], tokens: deque[str]) -> None:
    """One bad client that asks for many names."""
    sock, names = socket.socket(), [b"bad-many-%d" % random.getrandbits(60) for _ in range(300)]
    if deed == "many-flood":
        await ask_many(port, sock, names)
    elif deed == "many-half":
        await ask_many(port, sock, names[:3])
        await asyncio.get_running_loop().sock_sendall(sock, b"half a record")
    elif deed == "many-one-token":
        await ask_many(port, sock, names[:20], str(uuid.uuid4()))
    elif deed == "many-stolen-token":
        await ask_many(port, sock, names[:5], random.choice(tokens) if tokens else "")
    else:
        await ask_many(port, sock, names[:20])
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
        return
    held.append(sock)


async def vanish(port: int, name: bytes) -> None:
    """Register *name* and die, by FIN or by RST."""
    gone = Asker(random.choice(KINDS), port)
    await gone.ask(name)
    await gone.next()
    if random.random() < 0.5:
        gone.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    gone.socket.close()


async def misbehave(port: int, held: list[socket.socket], tokens: deque[str]) -> str:
    """One bad client; return what it did."""
    loop = asyncio.get_running_loop()
    deed = random.choice(DEEDS + MANY_DEEDS)
    if deed in MANY_DEEDS:
        await misbehave_many(port, deed, held, tokens)
        return deed
    sock = socket.socket()
    sock.settimeout(0)
    await loop.sock_connect(sock, ("127.0.0.1", port))
    if deed == "garbage":
        await loop.sock_sendall(sock, os.urandom(random.randrange(1, 2000)))
    elif deed == "half-close":
        await loop.sock_sendall(sock, b"half-%d" % random.getrandbits(40))
        sock.shutdown(socket.SHUT_WR)
    elif deed == "reset":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif deed == "flood":
        await loop.sock_sendall(sock, V2Client().ask(b"flood-%d" % random.getrandbits(60)))
    elif deed == "vanish":
        await vanish(port, b"vanish-%d" % random.getrandbits(60))
    if deed in {"silent", "flood", "half-close", "garbage"}:
        held.append(sock)
    else:
        sock.close()
    return deed


async def soak(port: int, pairings: int, seconds: float) -> dict[str, object]:
    """Spread *pairings* over *seconds*, with five times as many bad clients."""
    counts: Counter[str] = Counter()
    deeds: Counter[str] = Counter()
    times: list[float] = []
    held: list[socket.socket] = []
    tokens: deque[str] = deque(maxlen=64)
    tasks = []
    start = time.monotonic()
    for number in range(pairings):
        tasks.append(asyncio.create_task(pair(port, number, counts, times)))
        if number % 5 == 0:
            tasks.append(asyncio.create_task(pair_many(port, number, counts, tokens)))
        for _ in range(5):
            deeds[await misbehave(port, held, tokens)] += 1
        while len(held) > 500:  # so that the flooding leave room for the others: one address has 65,536 names
            held.pop(0).close()
        await asyncio.sleep(max(0.0, start + seconds * (number + 1) / pairings - time.monotonic()))
    await asyncio.wait_for(asyncio.gather(*tasks), 30)
    for sock in held:
        sock.close()
    return {
        "right": counts["right"],
        "wrong": counts["wrong"],
        "lost": pairings - counts["right"] - counts["wrong"],
        "many_right": counts["many_right"],
        "many_wrong": counts["many_wrong"],
        "seconds": round(time.monotonic() - start, 1),
        "median_ms": round(1000 * statistics.median(times), 2),
        "worst_ms": round(1000 * max(times), 2),
        "bad_clients": dict(deeds),
    }


def resources(pid: int) -> tuple[int, int]:
    """Return the open descriptors and the resident KiB of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return len(list(Path(f"/proc/{pid}/fd").iterdir())), int(resident.split()[1])


async def settle(pid: int, descriptors: int) -> None:
    """Give the server a moment to see that all are gone."""
    for _ in range(100):
        if resources(pid)[0] <= descriptors:
            return
        await asyncio.sleep(0.05)


async def main() -> int:
    """Run the soak and print what it found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairings", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    command = [sys.executable, "-m", "shared.cli", "rendezvous", "serve", "--host", "127.0.0.1", "--port", "0"]
    with subprocess.Popen(  # noqa: ASYNC220  nothing else is running yet
        [*command, "--http-port", "0", "--rate", "100000"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            port = int(server.stdout.readline().split()[0].rpartition(":")[2]) if server.stdout else 0
            await soak(port, 200, 1.0)  # so that what is compared has done its first work
            await asyncio.sleep(0.2)
            before = resources(server.pid)
            found = await soak(port, options.pairings, options.seconds)
            await settle(server.pid, before[0])
            after = resources(server.pid)
        finally:
            server.terminate()
    found |= {"descriptors": [before[0], after[0]], "resident_kib": [before[1], after[1]], "exit": server.wait()}
    sys.stdout.write(json.dumps(found) + "\n")
    return 1 if found["lost"] or found["wrong"] or found["many_wrong"] else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
