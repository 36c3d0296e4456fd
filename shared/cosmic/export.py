"""From a torch module to the ONNX file that ranks run. Needs torch and onnx (the extra ``train``).

A user's own model comes as TorchScript (``torch.jit.save``) or as ONNX. Neither format can carry Python code that runs
when it is loaded. A pickled module can, and so can torch.export's .pt2, which torch loads with pickle.
"""

# torch is an extra, and untyped where it is not installed:
# mypy: disallow-subclassing-any=False
from __future__ import annotations

import contextlib
import io
import warnings
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from shared.cosmic.errors import first_sentence
from shared.errors import LanesError
from shared.handlers.cosmic.errors import WrongModel
from shared.handlers.cosmic.model import EXPECTED, Model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OPSET = 17  # onnxruntime runs it since 1.12; the project needs 1.18
TOLERANCE = 1e-3  # in redshift, between torch and onnxruntime: our choice, a tenth of the model's error
BATCHES = (1, 7)  # sizes that the exported model is tried with, beside the size it was traced with
HOW = "torch.jit.save(torch.jit.trace(model.eval(), (images, magnitudes)), 'model.ts')"


def to_onnx(module: nn.Module, target: Path) -> None:
    """Write *module*, which maps images [n,5,32,32] and magnitudes [n,5] to redshifts [n], as ONNX to *target*.

    onnxruntime must load it and answer as torch does, before the file appears at *target*.

    Raises:
        LanesError: torch cannot express the module in ONNX.
        WrongModel: Its signature is not that of an image-and-magnitudes model.
    """
    buffer = io.BytesIO()
    try:
        with _quiet():
            torch.onnx.export(
                module.eval(),
                _example(2),
                buffer,
                input_names=["images", "magnitudes"],
                output_names=["redshift"],
                dynamic_axes={name: {0: "n"} for name in ("images", "magnitudes", "redshift")},
                opset_version=OPSET,
                dynamo=False,  # the newer exporter needs onnxscript as well
            )
    except Exception as error:  # the exporter raises many kinds with no common base
        raise LanesError(
            f"torch cannot write this model as ONNX: {first_sentence(error)}", where=target.name
        ) from error
    _compare(module, Model(buffer.getvalue(), target.name, threads=1), target.name)
    beside = target.with_name(f"{target.name}.part")
    beside.write_bytes(buffer.getvalue())
    beside.replace(target)


def load(path: Path) -> nn.Module:
    """Return the TorchScript module at *path* with the arguments (images, magnitudes) and the output [n].

    The field's modules take both in one list, ``model([images, magnitudes])``, and answer [n, 1]; that is right too.

    Raises:
        LanesError: It is not TorchScript.
        WrongModel: It takes other arguments.
    """
    try:
        with _quiet():
            inner = torch.jit.load(str(path), map_location="cpu").eval()
    except (RuntimeError, ValueError) as error:
        raise LanesError(f"it is not TorchScript: {first_sentence(error)}", where=str(path), fix=HOW) from error
    arguments = [str(argument.type) for argument in inner.forward.schema.arguments[1:]]
    wrappers: dict[tuple[str, ...], type[nn.Module]] = {("Tensor", "Tensor"): _Two, ("List[Tensor]",): _Listed}
    if tuple(arguments) not in wrappers:
        raise WrongModel(
            f"it takes ({', '.join(arguments)}); expected (images, magnitudes), or a list of both",
            where=str(path),
            fix=HOW,
        )
    with _quiet():
        scripted: nn.Module = torch.jit.script(wrappers[tuple(arguments)](inner))
    return scripted


class _Two(nn.Module):
    """Calls ``inner(images, magnitudes)``."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, images: Tensor, magnitudes: Tensor) -> Tensor:
        return self.inner(images, magnitudes).reshape(-1)


class _Listed(_Two):
    """Calls ``inner([images, magnitudes])``."""

    def forward(self, images: Tensor, magnitudes: Tensor) -> Tensor:
        return self.inner([images, magnitudes]).reshape(-1)


def _example(records: int) -> tuple[Tensor, Tensor]:
    random = np.random.default_rng(records)
    images = random.normal(size=(records, 5, 32, 32))
    magnitudes = random.uniform(16, 21, (records, 5))
    return torch.tensor(images, dtype=torch.float32), torch.tensor(magnitudes, dtype=torch.float32)


def _compare(module: nn.Module, model: Model, name: str) -> None:
    for records in BATCHES:
        images, magnitudes = _example(records)
        with torch.no_grad():
            expected = module(images, magnitudes).numpy()
        try:
            actual = model.predict(images.numpy(), magnitudes.numpy())
        except Exception as error:  # onnxruntime's errors have no common base
            raise WrongModel(
                f"it answers for a batch of 2 but not of {records}: {first_sentence(error)}", where=name, fix=HOW
            ) from error
        if actual.shape != (records,):
            raise WrongModel(f"it answers {list(actual.shape)} for {records} records; expected {EXPECTED}", where=name)
        off = float(np.abs(actual - expected).max())
        if not off <= TOLERANCE:
            raise WrongModel(f"onnxruntime and torch differ by {off:g} in redshift", where=name)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep torch's notes on its own future, and its exporter's dump of the graph, off the terminal."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
