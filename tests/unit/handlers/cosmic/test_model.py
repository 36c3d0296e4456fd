from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shared.handlers.cosmic.errors import WrongModel
from shared.handlers.cosmic.model import Model, from_bucket, packaged
from shared.handlers.s3 import MissingObject


def test_the_packaged_model_answers_any_number_of_records(galaxies: Any) -> None:
    for records in (1, 3, 128):
        made = galaxies(records)
        answer = packaged().predict(made["images"], made["magnitudes"])
        assert answer.shape == (records,)
        assert answer.dtype == np.float32


def test_the_packaged_model_is_small_enough_for_the_repository() -> None:
    from shared.handlers.cosmic import model  # for its path alone

    assert model.PACKAGED.stat().st_size < 4 * 2**20


@pytest.mark.parametrize(
    ("wrong", "actual"),
    [
        ({"images": ("n", 5, 64, 64)}, r"images \['n', 5, 64, 64\] tensor\(float\)"),
        ({"images": (8, 5, 32, 32), "magnitudes": (8, 5)}, r"images \[8, 5, 32, 32\]"),
        ({"magnitudes": ("n", 4)}, r"magnitudes \['n', 4\]"),
        ({"kind": 11}, r"tensor\(double\)"),
        ({"output": "z"}, r"outputs z \['n'\]"),
        ({"keep": 1}, r"outputs redshift \['n', 1\]"),
    ],
)
def test_a_model_of_another_signature_is_refused_with_both(onnx_model: Any, wrong: Any, actual: str) -> None:
    with pytest.raises(WrongModel, match=actual) as caught:
        Model(onnx_model(**wrong), "mine.onnx", threads=1)
    assert "expected inputs images [n,5,32,32] and magnitudes [n,5], output redshift [n]" in str(caught.value)
    assert str(caught.value).startswith("mine.onnx: ")


@pytest.mark.parametrize("body", [b"", b"not a model", b"\x08\x08"])
def test_what_is_no_model_is_refused(body: bytes) -> None:
    with pytest.raises(WrongModel, match="cannot be loaded"):
        Model(body, "mine.onnx", threads=1)


def test_a_teams_model_is_loaded_again_only_when_it_has_changed(store: Any, onnx_model: Any) -> None:
    store.put("models/mine.onnx", onnx_model())
    first = from_bucket(store.handlers, "models/mine.onnx")
    assert from_bucket(store.handlers, "models/mine.onnx") is first
    store.put("models/mine.onnx", onnx_model(magnitudes=("m", 5), images=("m", 5, 32, 32)))
    assert from_bucket(store.handlers, "models/mine.onnx") is not first


def test_a_model_that_is_gone_is_named(store: Any) -> None:
    with pytest.raises(MissingObject, match=r"models/none\.onnx"):
        from_bucket(store.handlers, "models/none.onnx")
