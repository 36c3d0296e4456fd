"""Makes an archive: reads what its store lacks, several parts at once, and writes the manifest last.

What is stored is noted in a journal now and then. So an archive that is stopped, however, goes on from there: what the
store holds, by its checksum, is not read again. Memory holds what is under way, and no more.
"""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from shared.archive.index import Entry
from shared.archive.inventory import data_parts, left_out, resources_of, told_parts
from shared.archive.manifest import Head, begin, count_journal, write_journal, write_manifest
from shared.archive.reports import archive_reports, cost_part
from shared.archive.stores import NoPlaceError
from shared.deploy.caller import is_denial
from shared.errors import INTERRUPTED, LanesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from shared.archive.index import Index
    from shared.archive.part import Content, Part
    from shared.archive.stores import Store
    from shared.archive.subject import Subject
    from shared.config.lane import Lane

_AT_ONCE = 16  # parts; each waits for AWS most of its time
_AHEAD = 64  # parts that are listed before they are begun
_JOURNAL_FILES, _JOURNAL_BYTES = 500, 256 << 20  # what may be read again after a kill
_TOLD = 1000  # problems that are kept


class ArchiveError(LanesError):
    """An archive is not complete; what is there stays, and making it again goes on from there."""


class InterruptedArchiveError(ArchiveError):
    """Ctrl-C stopped an archive midway."""

    exit_code = INTERRUPTED


class _StoppedError(Exception):
    """Another part failed so that none can be stored, or the user has had enough."""


@dataclass(slots=True)
class Tally:
    """How far an archive is: files and bytes that were stored now, and files that were there already."""

    stored: int = 0
    bytes: int = 0
    kept: int = 0


def make_archive(
    subject: Subject, store: Store, tool: str, *, reports: bool = True, on_part: Callable[[Tally], object] = id
) -> tuple[Head, Tally]:
    """Archive all of a lane, or what of it is new or another than in *store*. What has gone since stays in there.

    Args:
        subject: The lane.
        store: Where the archive goes.
        tool: What makes it, with its version, for the manifest.
        reports: Whether to write a report of each run, too. It takes seconds a run.
        on_part: Told how far it is, after each part.

    Returns:
        The head of the manifest, and what was done now. The head names what could not be read.

    Raises:
        ArchiveError: The cloud or the store does not answer, or refuses all.
        InterruptedArchiveError: Ctrl-C stopped it.
        UsageError: The store holds something else.
    """
    _, lane, aws = subject
    head = head_of(lane)
    index = begin(store, head)
    work = _Work(store, index, on_part)
    try:
        resources = resources_of(lane, aws)
        with work:
            work.add_all("the files of the lane", told_parts(subject, resources))
            for each in resources:
                work.add_all(f"{each.kind} {each.name}", data_parts(lane, aws, each))
        work.store(cost_part(lane, aws))
        left = left_out(lane, aws, resources)
        if reports:
            left += archive_reports(subject, index, store, work.store)
        head = replace(
            head,
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            by=aws.caller or f"the owner of {aws.target}",
            tool=tool,
            complete=not work.missing,
            missing=tuple(work.missing),
            left_out=left,
            counts=index.counts(),
        )
        write_manifest(store, head, index)
    except KeyboardInterrupt as error:
        work.flush_if_possible()
        there = work.tally.stored + work.tally.kept
        raise InterruptedArchiveError(
            f"interrupted: {there:,} files are there", where=str(store), again=True
        ) from error
    except (BotoCoreError, Boto3Error, ClientError) as error:
        work.flush_if_possible()
        raise ArchiveError(str(error), where=str(store), fix="mend the cause", again=True) from error
    except BaseException:
        work.flush_if_possible()
        raise
    finally:
        index.close()
    return head, work.tally


def head_of(lane: Lane) -> Head:
    """Return the head of an archive of *lane* that is not made yet."""
    return Head(lane.team, lane.place.stage, lane.place.account, lane.place.region)


class _Work:
    """Stores parts, several at once, and keeps the journal. As a context it ends when all of them are done."""

    def __init__(self, store: Store, index: Index, on_part: Callable[[Tally], object]) -> None:
        self._store = store
        self._index = index
        self._on_part = on_part
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="archive")
        self._room = threading.Semaphore(_AHEAD)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._failed: BaseException | None = None
        self._noted: list[Entry] = []
        self._noted_bytes = 0
        self._journal = count_journal(store)
        self.tally = Tally()
        self.missing: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind:
            self._stopping.set()
        self._pool.shutdown(wait=True, cancel_futures=bool(kind))
        if self._failed:
            raise self._failed

    def add_all(self, what: str, parts: Iterable[Part]) -> None:
        """Have *parts* stored, as there is room; *what* they are of is missing where they cannot be listed.

        Raises:
            _StoppedError: Nothing more can be stored.
        """
        try:
            for part in parts:
                self._room.acquire()
                if self._stopping.is_set():
                    raise _StoppedError
                self._pool.submit(self._do, part)
        except ClientError as error:
            self._miss(f"{what}: {_why(error)}")

    def flush(self) -> None:
        """Write what was stored since the last time into the journal."""
        with self._lock:
            noted, self._noted, self._noted_bytes = self._noted, [], 0
            self._journal += bool(noted)
            number = self._journal
        if noted:
            write_journal(self._store, number, noted)

    def flush_if_possible(self) -> None:
        """Write the journal, unless what stopped the work stops that as well: then some files are read again."""
        with contextlib.suppress(LanesError, OSError, BotoCoreError, Boto3Error, ClientError):
            self.flush()

    def _do(self, part: Part) -> None:
        try:
            self.store(part)
        except _StoppedError:
            pass
        except ClientError as error:
            self._miss(f"{part.called}: {_why(error)}")
        except BaseException as error:  # noqa: BLE001  it is raised where the work began
            self._failed = self._failed or error
            self._stopping.set()
        finally:
            self._room.release()

    def store(self, part: Part) -> None:
        """Store *part*, unless it is there."""
        held = self._index.held(part.places)
        if part.settled and held and held.source == part.source and self._store.holds(held.path, held.stored):
            with self._lock:
                self.tally.kept += 1
            self._on_part(self.tally)
            return
        entry = self._write(part)
        self._index.put(entry)
        with self._lock:
            self._noted.append(entry)
            self._noted_bytes += entry.stored.size
            self.tally.stored += 1
            self.tally.bytes += entry.stored.size
            due = len(self._noted) >= _JOURNAL_FILES or self._noted_bytes >= _JOURNAL_BYTES
        if due:
            self.flush()
        self._on_part(self.tally)

    def _write(self, part: Part) -> Entry:
        """Write *part* to the first of its places that is free, and return the entry of it."""
        *others, last = part.places
        for path in others:
            content = part.read()
            with contextlib.suppress(NoPlaceError):
                return Entry(path, self._store.write(path, self._until_stopped(content)), part.source, content.about)
        content = part.read()
        return Entry(last, self._store.write(last, self._until_stopped(content)), part.source, content.about)

    def _until_stopped(self, content: Content) -> Iterator[bytes]:
        for chunk in content.chunks:
            if self._stopping.is_set():
                raise _StoppedError
            yield chunk

    def _miss(self, what: str) -> None:
        with self._lock:
            if len(self.missing) < _TOLD:
                self.missing.append(what)


def _why(error: Exception) -> str:
    if is_denial(error):
        return f"these credentials may not read it ({error})"
    if isinstance(error, ClientError) and error.response["Error"]["Code"] in {"PreconditionFailed", "NoSuchKey", "404"}:
        return "it changed while it was archived"
    return str(error)
