"""What a pairing costs the rendezvous server: CPU time of its process, for one connection a pair and for many.

``python tests/benchmarks/fmi_server.py`` prints a Markdown table. ``--against FOLDER`` measures the server of another
checkout beside this one, in turns, so that both see the same machine; the ratio of the two is what counts. A server
that does not know MANY is measured with one connection a pair only.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.fmi.collectives.edges import neighbours
from shared.fmi.rendezvous.keys import Namespace, team_key
from shared.fmi.wire.v2 import MANY, MANY_KNOWN, REQUEST, Status

HERE = Path(__file__).parents[2]
MASTER = b"m" * 32
ANSWER = 50  # bytes of a v2 response
_CPU_CLOCK = 2  # with a process's id, the number of its CPU clock, as Linux's clock_getcpuclockid(3) makes it


@dataclass
class Server:
    """A server's process and its port."""

    pid: int
    port: int

    def cpu(self) -> float:
        """Return the seconds of CPU, user and system, that the process has taken."""
        return time.clock_gettime(~self.pid << 3 | _CPU_CLOCK)

    def resident(self) -> int:
        """Return the bytes of memory that the process has."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8").splitlines()
        return 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def connect(self) -> socket.socket:
        """Return a connection to it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)


@contextmanager
def running(checkout: Path) -> Iterator[Server]:
    """Run the server of *checkout*, with a master key, as its container does."""
    command = [sys.executable, "-m", "shared.cli", "rendezvous", "serve", "--host", "127.0.0.1", "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(checkout), "FMI_MASTER_KEY": MASTER.hex()}
    with subprocess.Popen(
        [*command, "--http-port", "0", "--rate", "1000000"],
        cwd=checkout,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        try:
            yield Server(process.pid, int(process.stdout.readline().split()[0].rpartition(":")[2]))
        finally:
            process.terminate()


def namespace() -> Namespace:
    """Return a run that nobody has used yet."""
    return Namespace("team1", uuid.uuid4().hex, "fmi", team_key(MASTER, "team1"))


def request(name: bytes, flags: int) -> bytes:
    """Return a v2 request with a token of its own."""
    return REQUEST.pack(name, str(uuid.uuid4()).encode(), flags)


def statuses(sock: socket.socket, pairings: int) -> list[int]:
    """Read answers until *pairings* of them say PAIRED; return their statuses."""
    found: list[int] = []
    while pairings:
        data = sock.recv(ANSWER, socket.MSG_WAITALL)
        if len(data) < ANSWER:
            raise RuntimeError(f"the server closed before {pairings} more pairings")
        found.append(data[0])
        pairings -= data[0] & ~MANY_KNOWN == Status.PAIRED
    return found


def one_a_pair(server: Server, pairs: int, at_once: int = 32) -> None:
    """Pair two connections *pairs* times, *at_once* pairs under way."""
    run = namespace()
    for start in range(0, pairs, at_once):
        with ExitStack() as stack:
            socks = []
            for number in range(start, min(start + at_once, pairs)):
                for _ in range(2):
                    sock = stack.enter_context(server.connect())
                    sock.sendall(request(run.pair_name(0, number + 1), 0))
                    socks.append(sock)
            for sock in socks:
                statuses(sock, 1)


def many(server: Server, size: int) -> int:
    """Pair a world of *size* ranks along its graph, a connection a rank; return the pairings."""
    run = namespace()
    with ExitStack() as stack:
        socks = [stack.enter_context(server.connect()) for _ in range(size)]
        peers = [sorted(neighbours(rank, size)) for rank in range(size)]
        for rank, sock in enumerate(socks):
            sock.sendall(request(run.pair_name(rank, peers[rank][0]), MANY))
        waits = []
        for rank, sock in enumerate(socks):
            first = sock.recv(ANSWER, socket.MSG_WAITALL)
            waits.append(len(peers[rank]) - (first[0] & ~MANY_KNOWN == Status.PAIRED))
            sock.sendall(b"".join(request(run.pair_name(rank, peer), MANY) for peer in peers[rank][1:]))
        for sock, left in zip(socks, waits, strict=True):
            statuses(sock, left)
    return sum(map(len, peers)) // 2


def knows_many(server: Server) -> bool:
    """Say whether the server reads further requests on one connection."""
    with server.connect() as sock:
        sock.sendall(request(namespace().pair_name(0, 1), MANY))
        return bool(sock.recv(ANSWER, socket.MSG_WAITALL)[0] & MANY_KNOWN)


def memory(server: Server, ranks: int) -> tuple[int, int]:
    """Have a world of *ranks* ask for every pair once, so that each name waits; return names and bytes per rank."""
    run = namespace()
    before, names = server.resident(), 0
    with ExitStack() as stack:
        socks = []
        for rank in range(ranks):
            sock = stack.enter_context(server.connect())
            mine = [peer for peer in neighbours(rank, ranks) if peer > rank]
            sock.sendall(b"".join(request(run.pair_name(rank, peer), MANY) for peer in mine))
            socks.append((sock, len(mine)))
            names += len(mine)
        for sock, waits in socks:
            for _ in range(waits):
                if sock.recv(ANSWER, socket.MSG_WAITALL)[0] != MANY_KNOWN | Status.WAITING:
                    raise RuntimeError("a name may not wait")
        return names, server.resident() - before


def microseconds(server: Server, pairs: int, size: int) -> dict[str, float]:
    """Return the CPU time of one pairing, by the way its clients ask."""
    found = {}
    before = server.cpu()
    one_a_pair(server, pairs)
    found["one connection a pair"] = 1e6 * (server.cpu() - before) / pairs
    if knows_many(server):
        before, done = server.cpu(), 0
        while done < pairs:
            done += many(server, size)
        found[f"many, {size} ranks"] = 1e6 * (server.cpu() - before) / done
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, help="another checkout, whose server is measured too")
    parser.add_argument("--pairs", type=int, default=2000)
    parser.add_argument("--ranks", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--world", type=int, default=4096, help="ranks whose names all wait, for the memory")
    options = parser.parse_args()
    checkouts = [HERE, *([options.against.resolve()] if options.against else [])]
    rows: dict[tuple[Path, str], list[float]] = {}
    with ExitStack() as stack:
        servers = {checkout: stack.enter_context(running(checkout)) for checkout in checkouts}
        for server in servers.values():
            one_a_pair(server, 50)
        for _ in range(options.rounds):
            for checkout, server in servers.items():
                for how, cost in microseconds(server, options.pairs, options.ranks).items():
                    rows.setdefault((checkout, how), []).append(cost)
        names, held = memory(servers[HERE], options.world)
    base = statistics.median(rows[checkouts[-1], "one connection a pair"])
    sys.stdout.write("| server of | clients | us of CPU a pairing | of the base |\n|---|---|---|---|\n")
    for (checkout, how), costs in rows.items():
        cost = statistics.median(costs)
        sys.stdout.write(f"| {checkout.name} | {how} | {cost:.0f} | {cost / base:.2f} |\n")
    sys.stdout.write(
        f"\n{options.world} ranks of whom {names} names wait: {held / 1e6:.1f} MB, {held / names:.0f} bytes a name\n"
    )
    sys.stdout.write(f"load {time.strftime('%H:%M')}: {' '.join(f'{x:.1f}' for x in os.getloadavg())}\n")


if __name__ == "__main__":
    main()
