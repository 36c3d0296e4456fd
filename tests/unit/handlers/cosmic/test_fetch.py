"""The next partition comes while this one is inferred, and a disk with room for one is enough."""

from __future__ import annotations

import sys
import tempfile
import threading
from typing import TYPE_CHECKING, Any

import pytest

from shared.handlers.cosmic.fetch import fetching
from shared.handlers.s3 import MissingObject, StorageFull

if TYPE_CHECKING:
    from pathlib import Path

KEYS = ["d/0", "d/1", "d/2", "d/3"]
DEADLINE = 120  # seconds: what must happen happens before


class Shelf:
    """A bucket whose objects hold their own key, and a disk with room for so many of them."""

    def __init__(self, room: int = 2, *, without: str = "") -> None:
        self.room, self.without = room, without
        self.asked: list[str] = []
        self.most = 0
        self.tried = {key: threading.Event() for key in KEYS}

    def download(self, key: str, path: Path) -> None:
        self.asked.append(key)
        try:
            self._fill(key, path)
        finally:
            self.tried[key].set()

    def _fill(self, key: str, path: Path) -> None:
        if key == self.without:
            raise MissingObject("there is no such object", where=key, fix="upload it")
        whole = [each for each in path.parent.iterdir() if each != path and each.stat().st_size]
        if len(whole) >= self.room:
            path.touch()
            raise StorageFull("no room", where=key, fix="split it")
        path.write_text(key)
        self.most = max(self.most, len(whole) + 1)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def contents(shelf: Any, keys: list[str]) -> list[str]:
    with fetching(shelf, keys) as arrivals:
        return [arrival.path.read_text() for arrival in arrivals]


def test_each_comes_in_its_turn_and_two_lie_on_disk(folder: Path) -> None:
    shelf = Shelf()
    assert contents(shelf, KEYS) == KEYS
    assert shelf.asked == KEYS
    assert shelf.most <= 2
    assert list(folder.iterdir()) == []


def test_the_next_download_begins_while_this_partition_is_read() -> None:
    shelf: Any = Shelf()
    with fetching(shelf, KEYS) as arrivals:
        for number, _ in enumerate(arrivals):
            assert all(shelf.tried[key].wait(DEADLINE) for key in KEYS[: number + 2])
            assert shelf.asked == KEYS[: number + 2]


def test_a_disk_with_room_for_one_gets_one_at_a_time() -> None:
    shelf: Any = Shelf(room=1)
    with fetching(shelf, KEYS) as arrivals:
        for number, arrival in enumerate(arrivals):
            assert arrival.path.read_text() == KEYS[number]
            assert number or shelf.tried["d/1"].wait(DEADLINE)  # it finds no room beside the first one
    assert shelf.most == 1
    assert shelf.asked == ["d/0", "d/1", "d/1", "d/2", "d/3"]  # it is tried once


def test_a_disk_with_room_for_none_is_named() -> None:
    with pytest.raises(StorageFull, match="d/0: no room"):
        contents(Shelf(room=0), KEYS)


def test_a_missing_partition_fails_when_its_turn_comes(folder: Path) -> None:
    shelf = Shelf(without="d/2")
    with pytest.raises(MissingObject, match="d/2"):
        contents(shelf, KEYS)
    assert shelf.asked == KEYS[:3]
    assert list(folder.iterdir()) == []


def halve_by_nothing(shelf: Any) -> None:
    with fetching(shelf, KEYS) as arrivals:
        assert len(next(arrivals).path.read_text()) / 0


def test_nothing_stays_when_the_reader_fails(folder: Path) -> None:
    shelf: Any = Shelf()
    turn = sys.getswitchinterval()
    with pytest.raises(ZeroDivisionError):
        halve_by_nothing(shelf)
    assert list(folder.iterdir()) == []
    assert sys.getswitchinterval() == turn


def test_a_rank_without_partitions_downloads_nothing() -> None:
    assert contents(Shelf(), []) == []
