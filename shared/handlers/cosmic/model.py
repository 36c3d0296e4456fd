"""The model: an ONNX file with inputs images [n,5,32,32] and magnitudes [n,5] and the output redshift [n]."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import onnxruntime

from shared.handlers import env
from shared.handlers.cosmic.errors import WrongModel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from shared.handlers.s3 import Bucket

    Floats = NDArray[np.float32]

PACKAGED = Path(__file__).with_name("astromae.onnx")
INPUTS: dict[str, tuple[int, ...]] = {"images": (5, 32, 32), "magnitudes": (5,)}
OUTPUT = "redshift"
EXPECTED = "inputs images [n,5,32,32] and magnitudes [n,5], output redshift [n], all float32, n free"


class Value(Protocol):
    """An input or output as onnxruntime describes it. A dimension that is free is a name or None."""

    name: str
    shape: Sequence[int | str | None]
    type: str


class Model:
    """A session whose signature has been checked.

    Args:
        source: The ONNX file, or its bytes.
        name: What to call it in messages.
        threads: How many threads one pass may use.

    Raises:
        WrongModel: It cannot be loaded, or has another signature.
    """

    def __init__(self, source: Path | bytes, name: str, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors; warnings about a user's graph do not belong in the run's log
        # Waiting threads sleep: a function pays for a thread that spins, and ranks on one machine starve each other.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                source if isinstance(source, bytes) else str(source), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises classes of its own, with no common base but this
            raise _wrong(f"it cannot be loaded ({str(error).splitlines()[0]})", name) from error
        problem = _mismatch(self._session)
        if problem:
            raise _wrong(problem, name)

    def predict(self, images: Floats, magnitudes: Floats) -> Floats:
        """Return the redshift [n] of each record of images [n,5,32,32] and magnitudes [n,5]."""
        (redshift,) = self._session.run([OUTPUT], {"images": images, "magnitudes": magnitudes})
        answer: Floats = redshift
        return answer


@functools.lru_cache(maxsize=1)
def packaged() -> Model:
    """Return the model that came with the function. It is loaded once in the worker's life."""
    return Model(PACKAGED, PACKAGED.name, env.threads())


def from_bucket(bucket: Bucket, key: str) -> Model:
    """Return the model at *key*. It is loaded again only when the object has changed.

    Raises:
        MissingObject: There is no such object.
        WrongModel: It is not a model of the right signature.
    """
    return _fetched(bucket, key, bucket.head(key)[1])


@functools.lru_cache(maxsize=1)
def _fetched(bucket: Bucket, key: str, _etag: str) -> Model:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        bucket.download(key, path)
        return Model(path, key, env.threads())


def _mismatch(session: onnxruntime.InferenceSession) -> str | None:
    inputs: dict[str, Value] = {value.name: value for value in session.get_inputs()}
    outputs: dict[str, Value] = {value.name: value for value in session.get_outputs()}
    right = (
        inputs.keys() == INPUTS.keys()
        and all(_fits(inputs[name], tail) for name, tail in INPUTS.items())
        and OUTPUT in outputs
        and _fits(outputs[OUTPUT], ())
    )
    return None if right else f"it has inputs {_describe(inputs)} and outputs {_describe(outputs)}"


def _fits(value: Value, tail: tuple[int, ...]) -> bool:
    """Say whether *value* is float32 of [any number, *tail*]. The first dimension must be free."""
    shape = value.shape
    free = len(shape) > 0 and not isinstance(shape[0], int)
    return value.type == "tensor(float)" and free and tuple(shape[1:]) == tail


def _describe(values: Mapping[str, Value]) -> str:
    return " and ".join(f"{name} {value.shape} {value.type}" for name, value in values.items()) or "none"


def _wrong(what: str, name: str) -> WrongModel:
    return WrongModel(
        f"the model is not usable: {what}; expected {EXPECTED}",
        where=name,
        fix="lanes model import FILE --team TEAM checks and converts one; leave model_key empty for the packaged model",
    )
