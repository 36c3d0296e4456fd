"""One rank: what it refuses, what it keeps in memory, what it leaves on disk."""

from __future__ import annotations

import importlib
import re
import shutil
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from shared.handlers.cosmic.errors import CorruptPartition, WrongModel
from shared.handlers.cosmic.model import packaged
from shared.handlers.cosmic.partition import RECORD_BYTES
from shared.handlers.s3 import ForeignBucket


@pytest.fixture
def rank(account: dict[str, str]) -> Any:
    """Make the event of a rank over partitions of these sizes."""

    def make(*sizes: int, **changed: Any) -> dict[str, Any]:
        return {
            "run_id": "run-1",
            "run_started": "2026-01-01T00:00:00Z",
            "rank": 0,
            "world_size": 1,
            "batch_size": 4,
            "result_path": "results",
            "model_key": "",
            "data_bucket": account["BUCKET"],
            "fmi_enabled": False,
            "rendezvous_endpoint": "",
            "partitions": [{"key": f"d/{number}", "bytes": size} for number, size in enumerate(sizes)],
            **changed,
        }

    return make


BROKEN = {
    "no safetensors": (lambda _: b"no tensors at all", "not a safetensors file"),
    "empty": (lambda _: b"", "not a safetensors file"),
    "cut off": (lambda make: make(3)[:-1], "not a safetensors file"),
    "a tensor missing": (lambda make: make(3, redshifts=None), "it has no redshifts"),
    "large images": (lambda make: make(3, images=np.zeros((3, 5, 64, 64), np.float32)), "images [3, 5, 64, 64] F32"),
    "doubles": (lambda make: make(3, magnitudes=np.zeros((3, 5))), "magnitudes [3, 5] F64"),
    "other counts": (lambda make: make(3, redshifts=np.zeros(2, np.float32)), "redshifts [2] F32"),
    "not numbers": (
        lambda make: make(6, magnitudes=np.where(np.arange(30) == 27, np.nan, 1).astype(np.float32).reshape(6, 5)),
        "record 5 has magnitudes that are not finite numbers",
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_corrupt_partition_is_named_and_leaves_no_result(
    store: Any, partition: Any, rank: Any, step: Any, broken: str
) -> None:
    make, problem = BROKEN[broken]
    store.put("d/0", partition(3))
    store.put("d/1", make(partition))
    with pytest.raises(CorruptPartition, match=r"^d/1: ") as caught:
        step("inference")(rank(100, 100), None)
    assert problem in str(caught.value)
    assert "expected images [n,5,32,32], magnitudes [n,5], redshifts [n], all float32" in str(caught.value)
    assert store.keys("results/") == []


def test_a_teams_own_model_is_used_when_it_is_named(
    store: Any, galaxies: Any, rank: Any, step: Any, onnx_model: Any
) -> None:
    store.put("d/0", save(galaxies(3)))
    store.put("models/mine.onnx", onnx_model())
    step("inference")(rank(3 * RECORD_BYTES, model_key="models/mine.onnx"), None)
    made = galaxies(3)
    error = np.abs(made["magnitudes"].mean(axis=1) - made["redshifts"]).sum()
    assert store.json("results/run-1/ranks/0.json")["quality_sums"]["absolute_error"] == pytest.approx(error, rel=1e-5)


def test_a_model_of_another_signature_fails_the_rank(
    store: Any, partition: Any, rank: Any, step: Any, onnx_model: Any
) -> None:
    store.put("d/0", partition(3))
    store.put("models/mine.onnx", onnx_model(images=("n", 5, 64, 64)))
    with pytest.raises(WrongModel, match=r"models/mine\.onnx"):
        step("inference")(rank(100, model_key="models/mine.onnx"), None)
    assert store.keys("results/") == []


class Shelf:
    """A bucket in which all objects are the same file. It notes how many files lay in the rank's folder at most."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.most = 0

    def download(self, _key: str, path: Path) -> None:
        shutil.copyfile(self.path, path)
        self.most = max(self.most, len(list(path.parent.iterdir())))


@pytest.fixture
def shelf(partition: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    (tmp_path / "partition").write_bytes(partition(200))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return Shelf(tmp_path / "partition")


def resident_kilobytes() -> int:
    (line,) = re.findall(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(line)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="resident memory is read from Linux's /proc")
def test_memory_and_disk_do_not_grow_with_the_data(shelf: Shelf, rank: Any, step: Any) -> None:
    assert step("inference")
    infer: Any = importlib.import_module("shared.handlers.cosmic.inference").infer
    peaks, resident, most = [], [], 30
    for partitions in (2, most):
        event = rank(*[shelf.path.stat().st_size] * partitions, batch_size=50)
        tracemalloc.start()
        assert sum(map(len, infer(event, shelf, packaged()).true)) == 200 * partitions
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        resident.append(resident_kilobytes())
    added = (most - 2) * shelf.path.stat().st_size
    assert peaks[1] - peaks[0] < added / 100
    assert (resident[1] - resident[0]) * 1024 < added / 10
    assert shelf.most == 2
    assert list(Path(tempfile.gettempdir()).iterdir()) == []


def test_a_bucket_that_nobody_shares_is_not_read(store: Any, step: Any, rank: Any) -> None:
    with pytest.raises(ForeignBucket, match="bucket theirs is none that this function may read"):
        step("inference")(rank(data_bucket="theirs"), None)
