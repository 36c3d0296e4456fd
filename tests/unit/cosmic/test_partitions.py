from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cosmic import partitions
from shared.errors import LanesError, UsageError
from shared.handlers.cosmic.errors import CorruptPartition

if TYPE_CHECKING:
    from pathlib import Path


@given(st.lists(st.integers(0, 9), max_size=8), st.integers(1, 7))
def test_cutting_keeps_every_record_in_order(sizes: list[int], records: int) -> None:
    numbers = iter(range(sum(sizes)))
    blocks = [{"redshifts": np.array([next(numbers) for _ in range(size)], np.float32)} for size in sizes]
    groups = [list(group["redshifts"]) for group in partitions.cut(blocks, records)]
    assert [number for group in groups for number in group] == list(range(sum(sizes)))
    assert all(len(group) == records for group in groups[:-1])
    assert all(0 < len(group) <= records for group in groups)


def test_the_fields_100_megabytes_hold_5113_records() -> None:
    assert partitions.records_in(100) == 5113
    assert partitions.records_in(0.001) == 1


def test_what_is_written_is_read_back(galaxies: Any, tmp_path: Path) -> None:
    made = galaxies(7)
    paths = partitions.write(tmp_path / "new" / "survey", partitions.deal(made, 3))
    assert [partitions.count(path) for path in paths] == [3, 2, 2]
    read = list(partitions.read(partitions.find(tmp_path / "new" / "survey"), 2))
    assert [len(block["redshifts"]) for block in read] == [2, 1, 2, 2]
    for name, values in made.items():
        assert np.array_equal(np.concatenate([block[name] for block in read]), values)


def test_a_partition_is_never_larger_than_asked(galaxies: Any, tmp_path: Path) -> None:
    blocks = partitions.cut([galaxies(120)], partitions.records_in(1))
    paths = partitions.write(tmp_path / "out", blocks)
    assert len(paths) == 3
    assert all(path.stat().st_size <= 2**20 for path in paths)


def test_views_of_another_layout_are_written_as_they_read(galaxies: Any, tmp_path: Path) -> None:
    made = galaxies(2)
    made["images"] = made["images"].transpose(0, 1, 3, 2)
    (block,) = partitions.read(partitions.write(tmp_path / "out", [made]))
    assert np.array_equal(block["images"], made["images"])


def test_a_folder_with_something_in_it_is_refused(galaxies: Any, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep")
    with pytest.raises(UsageError, match="not an empty folder"):
        partitions.write(tmp_path, [galaxies(1)])
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_failure_midway_leaves_nothing(galaxies: Any, tmp_path: Path) -> None:
    def groups() -> Any:
        yield galaxies(1)
        raise LanesError("the source broke")

    with pytest.raises(LanesError, match="the source broke"):
        partitions.write(tmp_path / "out", groups())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_partitions_says_how_to_get_some(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"(?s)no \.safetensors files.*lanes data make"):
        partitions.find(tmp_path)
    with pytest.raises(UsageError, match="no such folder"):
        partitions.find(tmp_path / "none")


def test_a_corrupt_partition_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(b"junk")
    with pytest.raises(CorruptPartition, match=r"x\.safetensors"):
        partitions.count(tmp_path / "x.safetensors")
