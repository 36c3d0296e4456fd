"""Pairing as a call that waits, for tests: with all peers, or the error of the first that is missing."""

import select
import time

from shared.fmi.rendezvous.pairing import Pairing


def pair_all(meeting, namespace, rank, peers, timeout):
    """Return a socket for each of *peers*; raise PairingFailed after *timeout* seconds, or when no waiting helps."""
    pairing = Pairing(meeting, namespace, rank)
    sockets = {}
    try:
        pairing.want(peers)
        _take(pairing, set(peers), sockets, time.monotonic() + timeout)
    except BaseException:
        for sock in sockets.values():
            sock.close()
        raise
    finally:
        pairing.close()
    return sockets


def _take(pairing, peers, sockets, deadline):
    poll = select.poll()
    poll.register(pairing, select.POLLIN)
    while missing := peers - sockets.keys():
        left = deadline - time.monotonic()
        if left <= 0:
            raise pairing.failure(min(missing))
        poll.poll(1000 * left)
        sockets.update(pairing.take())
