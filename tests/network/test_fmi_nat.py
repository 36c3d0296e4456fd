"""Two ranks, each in a network namespace behind a NAT of its own, meet at a rendezvous server outside and allreduce.

Only namespaces made here carry traffic, and all are deleted in the end. Without root or iproute2 and nftables or
iptables the tests are skipped, with the reason.
"""

import os
import shutil
import subprocess
import sys
import textwrap
import time
from typing import Any

import pytest

WAN = "203.0.113"
"""The addresses outside (TEST-NET-3)."""

PROGRAM = textwrap.dedent(
    """
    import sys
    import numpy as np
    from shared.fmi import SUM, Communicator, FmiError, Meeting, Namespace

    rank, relay, timeout = int(sys.argv[1]), sys.argv[2] == "relay", float(sys.argv[3])
    meeting = Meeting("203.0.113.1", 10000, relay=relay)
    try:
        with Communicator.direct(rank, 2, meeting, Namespace("team1", "nat"), timeout) as comm:
            peer = comm._only._mesh
            total = comm.allreduce(np.full(100_000, rank + 1.0), SUM)
            print("sum", total[0], total[-1], peer.links[1 - rank].sock.getpeername()[0])
    except FmiError as error:
        print(error)
    """
)


def missing() -> Any:
    """Return why the namespaces cannot be made here; empty if they can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "making network namespaces needs root"
    if not shutil.which("ip"):
        return "iproute2 is not installed"
    if not (shutil.which("nft") or shutil.which("iptables")):
        return "neither nftables nor iptables is installed"
    made = subprocess.run(["ip", "netns", "add", "fmi-probe"], capture_output=True, text=True, check=False)
    subprocess.run(["ip", "netns", "del", "fmi-probe"], capture_output=True, check=False)
    return f"network namespaces cannot be made: {made.stderr.strip()}" if made.returncode else ""


REASON = missing()
pytestmark = [pytest.mark.network, pytest.mark.skipif(bool(REASON), reason=REASON or "all tools are here")]


def run(command: str) -> None:
    done = subprocess.run(command.split(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"


def inside(namespace: str, command: str) -> None:
    run(f"ip netns exec {namespace} {command}")


class Nets:
    """The namespaces: ``outside`` with the server, and for each rank a host behind a router."""

    def __init__(self, *, symmetric: bool) -> None:
        tag = f"fmi{os.getpid() % 10000}"
        self.outside, self.hosts = f"{tag}-w", []
        self._made = []
        self._add(self.outside)
        inside(self.outside, "ip link add wan type bridge")
        inside(self.outside, f"ip addr add {WAN}.1/24 dev wan")
        inside(self.outside, "ip link set wan up")
        inside(self.outside, "ip link set lo up")
        for rank in range(2):
            self._home(tag, rank, symmetric=symmetric)

    def _add(self, namespace: str) -> None:
        run(f"ip netns add {namespace}")
        self._made.append(namespace)

    def _home(self, tag: str, rank: int, *, symmetric: bool) -> None:
        router, host = f"{tag}-r{rank}", f"{tag}-h{rank}"
        self._add(router)
        self._add(host)
        self.hosts.append(host)
        run(f"ip link add wan netns {router} type veth peer name port{rank} netns {self.outside}")
        run(f"ip link add lan netns {router} type veth peer name lan netns {host}")
        inside(self.outside, f"ip link set port{rank} master wan")
        inside(self.outside, f"ip link set port{rank} up")
        inside(router, f"ip addr add {WAN}.{10 + rank}/24 dev wan")
        inside(router, f"ip addr add 10.{rank}.0.1/24 dev lan")
        inside(host, f"ip addr add 10.{rank}.0.2/24 dev lan")
        for namespace, device in ((router, "wan"), (router, "lan"), (host, "lan"), (host, "lo")):
            inside(namespace, f"ip link set {device} up")
        inside(host, f"ip route add default via 10.{rank}.0.1")
        inside(router, "sysctl -q -w net.ipv4.ip_forward=1")
        masquerade(router, symmetric=symmetric)

    def close(self) -> None:
        for namespace in reversed(self._made):
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True, check=False)


def masquerade(router: str, *, symmetric: bool) -> None:
    """NAT as home routers do it: unknown connections from outside are dropped without a word.

    A symmetric one gives each connection another port, whatever the inside used, so that no punch can succeed.
    """
    if shutil.which("nft"):
        inside(router, "nft add table ip t")
        inside(router, "nft add chain ip t post { type nat hook postrouting priority 100 ; }")
        inside(router, f"nft add rule ip t post oifname wan masquerade {'random' if symmetric else ''}")
        inside(router, "nft add chain ip t in { type filter hook input priority 0 ; }")
        inside(router, "nft add rule ip t in iifname wan ct state new drop")
    else:
        random = " --random" if symmetric else ""
        inside(router, f"iptables -t nat -A POSTROUTING -o wan -j MASQUERADE{random}")
        inside(router, "iptables -A INPUT -i wan -m conntrack --ctstate NEW -j DROP")


@pytest.fixture
def nets(request: Any) -> Any:
    made = None
    try:
        made = Nets(symmetric=request.param)
        command = ["ip", "netns", "exec", made.outside, sys.executable, "-m", "shared.cli", "rendezvous", "serve"]
        with subprocess.Popen(
            [*command, "--relays", "4"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as server:
            assert server.stdout
            assert server.stdout.readline()
            yield made
            server.terminate()
    finally:
        if made is not None:
            made.close()


def allreduce(nets: Any, how: str, timeout: float) -> Any:
    started = [
        subprocess.Popen(
            ["ip", "netns", "exec", host, sys.executable, "-c", PROGRAM, str(rank), how, str(timeout)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank, host in enumerate(nets.hosts)
    ]
    return [process.communicate(timeout=120)[0].strip() for process in started]


@pytest.mark.parametrize("nets", [False], indirect=True, ids=["home routers"])
def test_ranks_behind_two_nats_punch_through_and_allreduce(nets: Any) -> None:
    since = time.monotonic()
    assert allreduce(nets, "punch", 20) == [f"sum 3.0 3.0 {WAN}.11", f"sum 3.0 3.0 {WAN}.10"]
    assert time.monotonic() - since < 15


@pytest.mark.parametrize("nets", [True], indirect=True, ids=["symmetric"])
def test_ranks_behind_symmetric_nats_are_relayed_or_told_so(nets: Any) -> None:
    told = allreduce(nets, "punch", 2)
    assert all("stage punch" in line and "allow relaying" in line for line in told)
    assert allreduce(nets, "relay", 4) == [f"sum 3.0 3.0 {WAN}.1"] * 2
