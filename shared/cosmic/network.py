"""The model: a small network in the manner of AstroMAE. Needs torch (the extra ``train``).

Three branches look at a galaxy: a vision transformer over patches of its image, an inception network over the same
image, and a perceptron over its magnitudes and colours. Their features are joined and regressed to one redshift, as in
arXiv 2501.06249. Pixels and magnitudes come in as the survey has them. Their scaling is part of the graph, so training,
the exported model and every caller share it. All sizes are our choice: a small network, fast on one CPU.
"""

# torch is an extra, and untyped where it is not installed:
# mypy: disallow-subclassing-any=False
from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

COLOUR = 0.7  # magnitudes between neighbouring bands of a typical galaxy here; taken off so that inputs lie around 0

PATCH = 8
TOKENS = (32 // PATCH) ** 2
WIDTH = 80
HEADS = 4
DEPTH = 3


class Attention(nn.Module):
    """Multi-head self-attention over tokens [n, TOKENS, WIDTH]."""

    def __init__(self) -> None:
        super().__init__()
        self.to_all = nn.Linear(WIDTH, 3 * WIDTH)
        self.to_out = nn.Linear(WIDTH, WIDTH)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return tokens [n, TOKENS, WIDTH] that have looked at each other."""
        parts = self.to_all(tokens).reshape(-1, TOKENS, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        query, key, value = parts[0], parts[1], parts[2]
        weights = torch.softmax(query @ key.transpose(-2, -1) * (WIDTH // HEADS) ** -0.5, dim=-1)
        return cast("Tensor", self.to_out((weights @ value).transpose(1, 2).reshape(-1, TOKENS, WIDTH)))


class Block(nn.Module):
    """One transformer layer: attention, then a perceptron on each token, both around a residual."""

    def __init__(self) -> None:
        super().__init__()
        self.norm_attention = nn.LayerNorm(WIDTH)
        self.attention = Attention()
        self.norm_mlp = nn.LayerNorm(WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH))

    def forward(self, tokens: Tensor) -> Tensor:
        """Return tokens of the same shape [n, TOKENS, WIDTH]."""
        tokens = tokens + self.attention(self.norm_attention(tokens))
        return cast("Tensor", tokens + self.mlp(self.norm_mlp(tokens)))


class VisionTransformer(nn.Module):
    """Images [n, 5, 32, 32] to features [n, WIDTH], by way of 16 patches of 8 x 8."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(5, WIDTH, PATCH, stride=PATCH)
        self.places = nn.Parameter(0.02 * torch.randn(1, TOKENS, WIDTH))
        self.blocks = nn.Sequential(*(Block() for _ in range(DEPTH)))
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, images: Tensor) -> Tensor:
        """Return features [n, WIDTH]: the mean over the tokens."""
        tokens = self.patches(images).flatten(2).transpose(1, 2) + self.places
        return cast("Tensor", self.norm(self.blocks(tokens)).mean(dim=1))


class Inception(nn.Module):
    """Parallel 1x1, 3x3, 5x5 and pooled convolutions, joined: [n, inner, h, w] to [n, outer, h, w]."""

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        quarter = outer // 4
        reduced = inner // 4
        self.one = _convolution(inner, quarter, 1)
        self.three = nn.Sequential(_convolution(inner, reduced, 1), _convolution(reduced, quarter, 3))
        self.five = nn.Sequential(_convolution(inner, reduced, 1), _convolution(reduced, quarter, 5))
        self.pool = nn.Sequential(nn.AvgPool2d(3, stride=1, padding=1), _convolution(inner, quarter, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Return feature maps [n, outer, h, w]."""
        return torch.cat([self.one(images), self.three(images), self.five(images), self.pool(images)], dim=1)


class AstroNet(nn.Module):
    """Images [n, 5, 32, 32] in nanomaggies and magnitudes [n, 5], bands u g r i z, to redshifts [n].

    Args:
        noise: Typical noise of a pixel in each band, in nanomaggies; images are asinh-scaled by it.
        centre: Mean magnitude of the training galaxies in each band.
        spread: Standard deviation of the same.
    """

    noise: Tensor
    centre: Tensor
    spread: Tensor

    def __init__(self, noise: Tensor, centre: Tensor, spread: Tensor) -> None:
        super().__init__()
        self.register_buffer("noise", noise.reshape(1, 5, 1, 1))
        self.register_buffer("centre", centre)
        self.register_buffer("spread", spread)
        self.transformer = VisionTransformer()
        self.inception = nn.Sequential(
            _convolution(5, 32, 3, stride=2),
            Inception(32, 64),
            nn.AvgPool2d(2),
            Inception(64, 96),
            nn.AvgPool2d(2),
            Inception(96, 128),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.magnitudes = nn.Sequential(nn.Linear(9, 64), nn.GELU(), nn.Linear(64, 64), nn.GELU())
        self.head = nn.Sequential(nn.Linear(WIDTH + 128 + 64, 96), nn.GELU(), nn.Linear(96, 1))

    def forward(self, images: Tensor, magnitudes: Tensor) -> Tensor:
        """Return one redshift per galaxy [n]."""
        scaled = _asinh(images / (3 * self.noise))
        colours = (magnitudes[:, :-1] - magnitudes[:, 1:] - COLOUR) * 2
        catalogue = torch.cat([(magnitudes - self.centre) / self.spread, colours], dim=1)
        seen = [self.transformer(scaled), self.inception(scaled), self.magnitudes(catalogue)]
        return cast("Tensor", self.head(torch.cat(seen, dim=1)).squeeze(1))


def _convolution(inner: int, outer: int, size: int, stride: int = 1) -> nn.Sequential:
    """Return convolution, batch norm and ReLU; the norm is folded into the convolution on export."""
    return nn.Sequential(
        nn.Conv2d(inner, outer, size, stride=stride, padding=size // 2, bias=False), nn.BatchNorm2d(outer), nn.ReLU()
    )


def _asinh(values: Tensor) -> Tensor:
    """Return asinh of *values*, written out: ONNX has it, torch's exporter does not know."""
    size = values.abs()
    return torch.sign(values) * torch.log(size + torch.sqrt(size * size + 1))
