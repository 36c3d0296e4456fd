from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shared.cosmic import convert
from shared.errors import LanesError

if TYPE_CHECKING:
    from pathlib import Path

torch: Any = pytest.importorskip("torch", reason="converting needs the extra: train")


@pytest.fixture
def tensors(galaxies: Any) -> Any:
    return {name: torch.from_numpy(values) for name, values in galaxies(3).items()}


def saved(tmp_path: Path, content: Any) -> Path:
    torch.save(content, tmp_path / "1.pt")
    return tmp_path / "1.pt"


@pytest.mark.parametrize(
    "form",
    [
        dict,
        lambda made: tuple(made.values()),
        lambda made: list(made.values()),
        lambda made: torch.utils.data.TensorDataset(*made.values()),
        lambda made: {"image": made["images"], "magnitude": made["magnitudes"], "redshift": made["redshifts"]},
        lambda made: {**made, "redshifts": made["redshifts"][:, None].double()},
        lambda made: {**made, "images": torch.nn.functional.pad(made["images"], (16, 16, 16, 16))},
        lambda made: {**made, "images": made["images"].permute(0, 2, 3, 1)},
    ],
)
def test_each_form_becomes_the_same_tensors(tensors: Any, galaxies: Any, tmp_path: Path, form: Any) -> None:
    found = convert.load(saved(tmp_path, form(tensors)))
    for name, values in galaxies(3).items():
        assert np.array_equal(found[name], values)
        assert found[name].dtype == np.float32


class Hostile:
    def __reduce__(self) -> Any:
        return (print, ("this ran",))


def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path, capsys: Any) -> None:
    raw = tmp_path / "raw.pt"
    raw.write_bytes(pickle.dumps(Hostile()))
    for path in (saved(tmp_path, Hostile()), raw):
        with pytest.raises(LanesError, match=r"(?s)cannot be loaded safely.*save plain tensors"):
            convert.load(path)
    assert "this ran" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda made: made.pop("redshifts"), r"holds \['images', 'magnitudes'\], not the tensors"),
        (lambda made: made.update(images=made["images"][:, :4]), r"images \[3, 4, 32, 32\]"),
        (lambda made: made.update(images=made["images"][:, :, :20]), r"images \[3, 5, 20, 32\]"),
        (lambda made: made.update(redshifts=made["redshifts"][:2]), r"redshifts \[2\]"),
        (lambda made: made["magnitudes"].fill_(float("nan")), "magnitudes hold values that are not finite"),
    ],
)
def test_what_is_no_survey_is_refused_with_its_shapes(tensors: Any, tmp_path: Path, change: Any, problem: str) -> None:
    made = {name: tensor.clone() for name, tensor in tensors.items()}
    change(made)
    with pytest.raises(LanesError, match=problem):
        convert.load(saved(tmp_path, made))


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LanesError, match=r"none\.pt: there is no such file"):
        convert.load(tmp_path / "none.pt")
