"""Over all links: hear out the other ranks until it is known who is to blame, and tell them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from shared.fmi.channels.faults import Left, Mismatch
from shared.fmi.channels.peers import push
from shared.fmi.errors import PairingFailed
from shared.fmi.wire.frames import FrameKind, Word, decode, encode

if TYPE_CHECKING:
    from collections.abc import Collection

    from shared.fmi.channels.link import Link
    from shared.fmi.channels.peers import Peers
    from shared.fmi.channels.settle import Settlement, Verdict

_SLICE = 0.1  # seconds between two looks whether the server can be reached at all: our choice


def hear_out(peers: Peers, case: Settlement) -> Verdict:
    """Say what *case* says and hear what the others say, until there is a verdict."""
    said: dict[int, int] = {}
    while True:
        for link in list(peers.links.values()):
            _listen(link, case)
        case.decide(time.monotonic())
        for link in peers.links.values():
            case.joined(link.peer)
            for word in case.said[said.get(link.peer, 0) :]:
                link.queue(encode(word))
            said[link.peer] = len(case.said)
            push(link)
        if case.verdict is not None:
            return case.verdict
        now = time.monotonic()
        try:
            peers.poll({}, case.wake(now) - now)
        except PairingFailed:
            peers.stop_pairing()


def tell(peers: Peers, word: Word, seconds: float, near: Collection[int], farewell: float) -> None:
    """Say *word* to all.

    Args:
        peers: The connections.
        word: What to say.
        seconds: How long the ranks may take to take it. The one that is named is not waited for.
        near: Ranks that have to be told as soon as they come, if they are not there yet.
        farewell: How many seconds they may take to come. They are not waited for when the server cannot be reached.
    """
    frame = encode(word)
    now = time.monotonic()
    deadline, last = now + seconds, now + farewell
    told: set[int] = set()
    while True:
        for peer, link in peers.links.items():
            if peer not in told:
                link.queue(frame)
            told.add(peer)
            push(link)
        behind = [link for link in peers.links.values() if link.is_behind and link.peer != word.rank]
        missing = set(near) - told - {word.rank} if peers.can_come() else set()
        now = time.monotonic()
        until = max(deadline if behind else 0.0, last if missing else 0.0)
        if now >= until:
            return
        try:
            for link, _ in peers.poll({}, min(until - now, _SLICE)):
                for _ in link.words():
                    pass
        except PairingFailed:
            peers.stop_pairing()


def _listen(link: Link, case: Settlement) -> None:
    for header, text in link.words():
        if header.kind == FrameKind.BYE:
            link.ended = Left(link.peer, "it has closed its communicator")
        elif header.kind != FrameKind.DATA:
            try:
                word = decode(header, text)
            except ValueError as error:
                case.begin(Mismatch(link.peer, f"sent {error}"), time.monotonic())
            else:
                case.hear(link.peer, word, time.monotonic())
    if link.ended is not None:
        case.ended(link.peer, link.ended)
