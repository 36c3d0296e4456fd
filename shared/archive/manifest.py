"""An archive's manifest, which is written last, and the journal of one that is under way.

The manifest is one JSON document: first what the archive is of, then a line for each file. So is each part of the
journal, less the head. An archive that is made again goes on from both.
"""

from __future__ import annotations

import codecs
import json
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING

from shared.archive.index import Entry, Index, entry_of
from shared.archive.stores import UNFINISHED
from shared.errors import LanesError, UsageError
from shared.json_stream import BadJsonError, Document
from shared.values import as_list, as_mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shared.archive.stores import Store
    from shared.values import Json

FILE = "manifest.json"
FORMAT = 1
_BEFORE = f"{UNFINISHED}/{FILE}"  # the manifest of an archive that is being made again
_LARGEST = 1 << 22  # bytes of one value
_FILES = "files"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a lane has and its archive does not.

    Attributes:
        what: It.
        why: Why it is not in the archive, or where else it is.
        lost: Whether it is nowhere else once the lane is gone.
    """

    what: str
    why: str
    lost: bool = False

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


@dataclass(frozen=True, slots=True)
class Head:
    """What an archive is of.

    Attributes:
        team: Whose lane it is.
        stage: Of which stage.
        account: In which account, 12 digits.
        region: In which region.
        made: When it was finished, in UTC.
        by: The ARN of who made it.
        tool: What made it, with its version.
        complete: Whether all was read that was to be in it.
        missing: What could not be read, and why.
        left_out: What it does not hold, by design.
        counts: How many files and bytes there are of each sort.
        format: The manifest's own version.
    """

    team: str
    stage: str
    account: str
    region: str
    made: str = ""
    by: str = ""
    tool: str = ""
    complete: bool = False
    missing: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    counts: Mapping[str, Json] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def whose(self) -> tuple[str, str, str, str]:
        """What must be the same for an archive to go on."""
        return self.team, self.stage, self.account, self.region

    @property
    def files(self) -> int:
        """How many files it has."""
        return sum(int(str(as_mapping(each)["files"])) for each in self.counts.values())

    @property
    def bytes(self) -> int:
        """How many bytes they have."""
        return sum(int(str(as_mapping(each)["bytes"])) for each in self.counts.values())


def write_manifest(store: Store, head: Head, index: Index) -> None:
    """Write the manifest, and remove what was needed until then."""
    store.write(FILE, _text(head, index.entries()))
    forget_journal(store)


def forget_journal(store: Store) -> None:
    """Remove what is left of an archive under way, but for its files."""
    for path in list(store.paths(UNFINISHED)):
        store.remove(path)


def begin(store: Store, head: Head) -> Index:
    """Return what *store* has already of the archive with this *head*, which is not complete from now on.

    Raises:
        UsageError: It holds something else, or the archive of another lane.
    """
    index = Index()
    found = [each for each in (_read(store, FILE, index), _read(store, _BEFORE, index)) if each]
    journal = _read_journal(store, index)
    for other in found:
        if other.whose != head.whose:
            index.close()
            raise UsageError(
                f"it holds the archive of {other.team}, stage {other.stage}, account {other.account}, {other.region}",
                where=str(store),
                fix="name another place with --to",
            )
    if not found and not journal and next(iter(store.paths()), None):
        index.close()
        raise UsageError(
            "it holds files, and none of an archive", where=str(store), fix="name an empty place with --to"
        )
    if found and store.read(FILE) is not None:
        store.move(FILE, _BEFORE)
    elif not found:
        store.write(_BEFORE, _text(head, ()))
    return index


def open_archive(store: Store) -> tuple[Head, Index]:
    """Return the manifest of the archive in *store*.

    Raises:
        LanesError: There is none, or it was never finished.
    """
    index = Index()
    head = _read(store, FILE, index)
    if head is None:
        index.close()
        begun = next(iter(store.paths(UNFINISHED)), None)
        raise LanesError(
            "this archive was never finished" if begun else "there is no archive here",
            where=str(store),
            fix="lanes archive TEAM --to it, which goes on from what is there" if begun else "name where one lies",
        )
    return head, index


def write_journal(store: Store, number: int, entries: Iterable[Entry]) -> None:
    """Write the part *number* of the journal."""
    store.write(f"{UNFINISHED}/{number:06}.jsonl", (_line(each) + b"\n" for each in entries))


def count_journal(store: Store) -> int:
    """Return how many the last part of the journal is."""
    return max((int(path[len(UNFINISHED) + 1 : -6]) for path in _journal(store)), default=0)


def _journal(store: Store) -> list[str]:
    found = store.paths(UNFINISHED)
    return sorted(path for path in found if path.endswith(".jsonl") and path[len(UNFINISHED) + 1 : -6].isdigit())


def _read_journal(store: Store, index: Index) -> int:
    paths = _journal(store)
    for path in paths:
        for line in b"".join(store.read(path) or ()).splitlines():
            try:
                told = json.loads(line)
            except ValueError as error:
                raise LanesError(
                    f"the journal is damaged: {error}",
                    where=f"{store}/{path}",
                    fix="delete it; what it tells of is read again",
                ) from error
            index.put(entry_of(told))
    return len(paths)


def _text(head: Head, entries: Iterable[Entry]) -> Iterator[bytes]:
    """Yield the manifest's text: a line for each file."""
    yield json.dumps(asdict(head), indent=1).encode().removesuffix(b"\n}") + f',\n "{_FILES}": ['.encode()
    between = b"\n  "
    for each in entries:
        yield between + _line(each)
        between = b",\n  "
    yield b"\n ]\n}\n"


def _line(entry: Entry) -> bytes:
    return json.dumps(entry.as_data()).encode()


def _read(store: Store, path: str, index: Index) -> Head | None:
    """Return the head of the manifest *path*, and put its entries into *index*; None where there is none.

    Raises:
        LanesError: It is damaged, or of a later version.
    """
    chunks = store.read(path)
    if chunks is None:
        return None
    told: dict[str, Json] = {}
    try:
        document = Document(codecs.iterdecode(chunks, "utf-8"), _LARGEST)
        for name in document.names():
            if name == _FILES:
                for _ in document.names():
                    index.put(entry_of(document.value()))
            else:
                told[str(name)] = document.value()
        return _head(told)
    except (BadJsonError, KeyError, TypeError, ValueError) as error:
        raise LanesError(
            f"the manifest is damaged: {error}", where=f"{store}/{path}", fix="take another copy of the archive"
        ) from error


def _head(told: Mapping[str, Json]) -> Head:
    if told.get("format") != FORMAT:
        raise LanesError(
            f"the archive's manifest is of format {told.get('format')}, this lanes reads {FORMAT}",
            fix="use the lanes that made it, or a later one",
        )
    known = {each.name for each in fields(Head)}
    given: dict[str, Json] = {key: value for key, value in told.items() if key in known}
    missing = tuple(str(each) for each in as_list(told.get("missing", ())))
    left = tuple(_left_out(as_mapping(each)) for each in as_list(told.get("left_out", ())))
    for each in as_mapping(told.get("counts", {})).values():
        count = as_mapping(each)
        int(str(count["files"])), int(str(count["bytes"]))  # as Head adds them up
    return Head(**(given | {"missing": missing, "left_out": left}))  # type: ignore[arg-type]  # JSON of our own


def _left_out(told: Mapping[str, Json]) -> LeftOut:
    return LeftOut(str(told["what"]), str(told["why"]), lost=bool(told["lost"]))
