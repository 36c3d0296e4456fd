"""Who is connected with whom before anybody asks: a circulant graph, in which every collective's messages lie."""

from __future__ import annotations


def neighbours(rank: int, size: int) -> list[int]:
    """Return the ranks r ± 2^k (mod *size*) of r = *rank*, in order and without *rank*: at most 2 ceil(log2 *size*).

    Every rank has its neighbours' edges too: who is a neighbour of mine has me for one.
    """
    steps = [1 << bit for bit in range((size - 1).bit_length())]
    return sorted({(rank + sign * step) % size for step in steps for sign in (1, -1)} - {rank})
