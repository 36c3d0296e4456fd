"""Holds an archive to its manifest, and to the cloud: whether it has all that a lane has.

A manifest says what each file is, and whoever can write the files can write it, too. So an object's bytes are held to
its ETag, which is their MD5 where it was stored in one piece and by no key of KMS (Amazon S3 API reference, Object).
Where it is none, the bytes are held to the object itself. Runs and logs have no checksum in the cloud.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

from shared.archive.inventory import data_parts, left_out, resources_of
from shared.archive.stores import digest
from shared.archive.tables import same_items
from shared.run.watch import is_over

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from shared.archive.index import Entry, Index
    from shared.archive.part import Part
    from shared.archive.stores import Store
    from shared.archive.subject import Subject

_AT_ONCE = 8  # files


def damaged(
    store: Store,
    index: Index,
    on_file: Callable[[Entry], object] = id,
    on_unproven: Callable[[Entry], object] = id,
) -> Iterator[str]:
    """Yield a line for each file of *index* that *store* lacks, or holds otherwise than its checksum says.

    Args:
        store: Where the archive lies.
        index: What its manifest lists.
        on_file: Told of each file that was read.
        on_unproven: Told of each object's file whose MD5 is not the object's ETag; :func:`not_held` reads the object.
    """

    def look(entry: Entry) -> str:
        chunks = store.read(entry.path)
        if chunks is None:
            return f"{entry.path} is missing"
        md5 = hashlib.md5(usedforsecurity=False)
        if digest(_through(md5, chunks)) != entry.stored:
            return f"{entry.path} is damaged: its SHA-256 is another"
        if entry.source.get("sort") == "object" and entry.source.get("etag") != md5.hexdigest():
            on_unproven(entry)
        return ""

    entries = index.entries()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while some := list(islice(entries, 100 * _AT_ONCE)):
            for entry, problem in zip(some, pool.map(look, some), strict=True):
                on_file(entry)
                if problem:
                    yield problem


def _through(md5: hashlib._Hash, chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        md5.update(chunk)
        yield chunk


def not_held(subject: Subject, store: Store, index: Index, unproven: Container[str] = ()) -> Iterator[str]:
    """Yield a line for all of a lane that would be lost with it: what the archive lacks, or has as it was before.

    Args:
        subject: The lane, as it is now.
        store: Where the archive lies.
        index: What its manifest lists.
        unproven: The paths of files that are held to the object that they are of, which is read for it.
    """
    _, lane, aws = subject
    resources = resources_of(lane, aws)
    for each in resources:
        for part in data_parts(lane, aws, each):
            if problem := _problem(part, store, index, unproven):
                yield f"{part.called} {problem}"
    yield from (str(each) for each in left_out(lane, aws, resources) if each.lost)


def _problem(part: Part, store: Store, index: Index, unproven: Container[str]) -> str:
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
    if held.path in unproven and digest(part.read().chunks) != held.stored:
        return "has other bytes than its copy in the archive"
    return ""
