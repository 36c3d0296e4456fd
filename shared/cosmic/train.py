"""Trains the packaged model on a survey and writes it with its figures. Needs torch and onnx (the extra ``train``).

How the model in the repository was made (its card, shared/cosmic/model_card.md, has the figures):

    lanes data make --galaxies 38400 --seed 1 --out SURVEY
    python -m shared.cosmic.train SURVEY shared/handlers/cosmic/astromae.onnx

The last 2,560 galaxies of the survey are held out; no choice was made by looking at them. The same survey, seed, torch
and number of threads give the same weights on the same kind of machine.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from shared.cosmic import partitions
from shared.cosmic.export import to_onnx
from shared.cosmic.network import AstroNet
from shared.cosmic.survey import NOISE
from shared.handlers.cosmic import quality
from shared.handlers.cosmic.model import Model

if TYPE_CHECKING:
    from torch import Tensor

# All our choice, as is the network: about 8 minutes on one CPU thread.
HELD_OUT = 2560
BATCH = 256
EPOCHS = 16
RATE = 3e-3
SEED = 20250106
THREADS = 1
MIRRORED = 0.5  # share of the batches


def main() -> None:
    """Train on the survey named on the command line; print the figures as JSON."""
    parser = argparse.ArgumentParser(description="Train the packaged model.")
    parser.add_argument("survey", type=Path, help="folder of partitions")
    parser.add_argument("target", type=Path, help="ONNX file to write")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    given = parser.parse_args()
    tensors = load(given.survey)
    network = train({name: values[:-HELD_OUT] for name, values in tensors.items()}, given.epochs)
    to_onnx(network, given.target)
    figures = evaluate(given.target, {name: values[-HELD_OUT:].numpy() for name, values in tensors.items()})
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")


def load(folder: Path) -> dict[str, Tensor]:
    """Return the whole survey in *folder*."""
    blocks = list(partitions.read(partitions.find(folder)))
    return {name: torch.from_numpy(np.concatenate([block[name] for block in blocks])) for name in blocks[0]}


def train(tensors: dict[str, Tensor], epochs: int) -> AstroNet:
    """Return a network trained on *tensors*: images [n, 5, 32, 32], magnitudes [n, 5], redshifts [n].

    The loss is the mean absolute error; the rate rises and falls over the *epochs*. Galaxies have no up or down, so
    batches are turned and mirrored at random.
    """
    torch.manual_seed(SEED)
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(mode=True)
    magnitudes = tensors["magnitudes"]
    network: AstroNet = AstroNet(torch.tensor(NOISE, dtype=torch.float32), magnitudes.mean(0), magnitudes.std(0))
    network.to(memory_format=torch.channels_last)  # a third faster on a CPU
    network.head[-1].bias.data.fill_(float(tensors["redshifts"].mean()))
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.02)
    steps = epochs * math.ceil(len(magnitudes) / BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps, pct_start=0.2)
    for epoch in range(epochs):
        start, losses = time.perf_counter(), []
        for chosen in torch.randperm(len(magnitudes)).split(BATCH):
            images = _turned(tensors["images"][chosen]).contiguous(memory_format=torch.channels_last)
            predicted = network(images, magnitudes[chosen])
            loss = (predicted - tensors["redshifts"][chosen]).abs().mean()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        took = time.perf_counter() - start
        sys.stderr.write(f"epoch {epoch + 1}/{epochs}: MAE {np.mean(losses):.5f} in training, {took:.1f} s\n")
    return network


def evaluate(path: Path, tensors: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]) -> dict[str, object]:
    """Return the quality of the ONNX model at *path* on *tensors*, and that of predicting their mean."""
    model = Model(path, path.name, THREADS)
    true = tensors["redshifts"]
    blocks = range(0, len(true), BATCH)
    predicted = np.concatenate(
        [model.predict(tensors["images"][at : at + BATCH], tensors["magnitudes"][at : at + BATCH]) for at in blocks]
    )
    total = quality.sums(true, predicted)
    scaled = quality.scaled_error(true, predicted).astype(np.float32)
    baseline = {"mae": float(np.abs(true - true.mean()).mean()), "mse": quality.variance(total)}
    return {"records": len(true), "quality": quality.figures(total, scaled), "baseline": baseline}


def _turned(images: Tensor) -> Tensor:
    """Return *images* [n, 5, h, h] turned and mirrored: all of them in the same one of the eight ways."""
    turned = torch.rot90(images, int(torch.randint(4, ()).item()), (2, 3))
    return turned.flip(3) if torch.rand(()) < MIRRORED else turned


if __name__ == "__main__":
    main()
