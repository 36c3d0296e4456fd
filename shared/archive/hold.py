"""Holds an archive to its manifest, and to the cloud: whether it has all that a lane has."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

from shared.archive.inventory import data_parts, left_out, resources_of
from shared.archive.stores import digest
from shared.archive.tables import same_items
from shared.run.watch import is_over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.archive.index import Entry, Index
    from shared.archive.part import Part
    from shared.archive.stores import Store
    from shared.archive.subject import Subject

_AT_ONCE = 8  # files


def damaged(store: Store, index: Index, on_file: Callable[[Entry], object] = id) -> Iterator[str]:
    """Yield a line for each file of *index* that *store* lacks, or holds otherwise than its checksum says.

    Args:
        store: Where the archive lies.
        index: What its manifest lists.
        on_file: Told of each file that was read.
    """

    def look(entry: Entry) -> str:
        chunks = store.read(entry.path)
        if chunks is None:
            return f"{entry.path} is missing"
        return "" if digest(chunks) == entry.stored else f"{entry.path} is damaged: its SHA-256 is another"

    entries = index.entries()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while some := list(islice(entries, 100 * _AT_ONCE)):
            for entry, problem in zip(some, pool.map(look, some), strict=True):
                on_file(entry)
                if problem:
                    yield problem


def not_held(subject: Subject, store: Store, index: Index) -> Iterator[str]:
    """Yield a line for all of a lane that would be lost with it: what the archive lacks, or has as it was before.

    Args:
        subject: The lane, as it is now.
        store: Where the archive lies.
        index: What its manifest lists.
    """
    _, lane, aws = subject
    resources = resources_of(lane, aws)
    for each in resources:
        for part in data_parts(lane, aws, each):
            if problem := _problem(part, store, index):
                yield f"{part.called} {problem}"
    yield from (str(each) for each in left_out(lane, aws, resources) if each.lost)


def _problem(part: Part, store: Store, index: Index) -> str:
    """Return what is wrong with the archive's copy of *part*; "" if nothing is."""
    if part.source["sort"] == "run" and not is_over(str(part.source["status"])):
        return "goes on"
    held = index.held(part.places)
    if held is None:
        return "is not in the archive"
    if held.source != part.source:
        return "is another than in the archive"
    if not part.settled and not same_items(part.read().chunks, store.read(held.path) or ()):
        return "are others than in the archive"
    return ""
