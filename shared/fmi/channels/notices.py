"""How the ranks of a storage channel tell each other that a rank is lost."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.fmi.channels.objects import Shelf

_ALARM = "alarm"


class Notice(NamedTuple):
    """``suspect`` is lost, for ``reason``. It is not ``certain`` while the accuser only heard nothing from it.

    With ``mismatch`` it is not lost: it is in another call than the others.
    """

    suspect: int
    certain: bool
    reason: str
    mismatch: bool = False


class Notices:
    """One notice for each rank, and an alarm that says whether there is any. So a look costs one request."""

    def __init__(self, shelf: Shelf, rank: int, size: int) -> None:
        self._shelf, self._rank, self._size = shelf, rank, size

    def write(self, notice: Notice) -> None:
        """Leave this rank's notice, in place of its earlier one."""
        text = f"{notice.suspect} {int(notice.certain)} {int(notice.mismatch)} {notice.reason}"
        self._shelf.put(f"lost/{self._rank}", text.encode(errors="replace"))
        self._shelf.put(_ALARM, b"")

    def read(self) -> dict[int, Notice]:
        """Return the other ranks' notices, by the rank that left each."""
        if not self._shelf.get([_ALARM]):
            return {}
        keys = {f"lost/{rank}": rank for rank in range(self._size) if rank != self._rank}
        notices = {}
        for key, data in self._shelf.get(keys).items():
            suspect, certain, mismatch, reason = data.decode().split(" ", 3)
            notices[keys[key]] = Notice(int(suspect), certain == "1", reason, mismatch == "1")
        return notices

    def write_calls(self, calls: Mapping[int, str]) -> None:
        """Leave this rank's latest *calls* by their number, so that others see whether they are in the same."""
        text = "\n".join(f"{turn} {call}" for turn, call in calls.items())
        self._shelf.put(f"calls/{self._rank}", text.encode(errors="replace"))
        self._shelf.put(_ALARM, b"")

    def read_calls(self) -> dict[int, dict[int, str]]:
        """Return the other ranks' latest calls, by rank and number."""
        if not self._shelf.get([_ALARM]):
            return {}
        keys = {f"calls/{rank}": rank for rank in range(self._size) if rank != self._rank}
        found: dict[int, dict[int, str]] = {}
        for key, data in self._shelf.get(keys).items():
            entries = (line.partition(" ") for line in data.decode().splitlines())
            found[keys[key]] = {int(turn): call for turn, _, call in entries}
        return found


def verdict(rank: int, notices: Mapping[int, Notice]) -> tuple[int, str] | None:
    """Return the rank that is lost for certain, as *rank* must see it, and why; None if there is none."""
    certain = {accuser: notice for accuser, notice in notices.items() if notice.certain}
    for notice in certain.values():
        if notice.suspect != rank:
            return notice.suspect, notice.reason
    return next(((accuser, f"it gave up on this rank: {notice.reason}") for accuser, notice in certain.items()), None)


def blamed(rank: int, missing: Iterable[int], notices: Mapping[int, Notice], reason: str) -> tuple[int, str]:
    """Return the rank that *rank*, which waits for *missing*, must take for lost, and why.

    A rank that left a notice is alive and only waits itself. So the blame passes to the rank that it accuses.
    """
    if lost := verdict(rank, notices):
        return lost
    suspects = list(missing)
    suspect = next((peer for peer in suspects if peer not in notices), suspects[0])
    passed = set()
    while suspect in notices and suspect not in passed and notices[suspect].suspect != rank:
        passed.add(suspect)
        suspect, reason = notices[suspect].suspect, notices[suspect].reason
    return suspect, reason


def odd_one(calls: Mapping[int, str]) -> int | None:
    """Return the first rank that calls something else than the most, by *calls* of each rank; None if no two agree."""
    (usual, ranks), *others = Counter(calls.values()).most_common()
    if not others or ranks == others[0][1]:
        return None
    return min(rank for rank, call in calls.items() if call != usual)
