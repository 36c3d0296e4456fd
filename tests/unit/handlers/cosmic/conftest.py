"""ONNX files of any signature, written by hand: the onnx package is an extra, and three nodes do not need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

FLOAT, DOUBLE, INTS = 1, 11, 7


def _varint(value: int) -> bytes:
    head, rest = value & 0x7F, value >> 7
    return bytes([head | 0x80]) + _varint(rest) if rest else bytes([head])


def _field(number: int, value: int | str | bytes) -> bytes:
    """Return one protobuf field: a number, a text, or a message already encoded."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    body = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(body)) + body


def _value(name: str, shape: list[int | str], kind: int) -> bytes:
    sizes = b"".join(_field(1, _field(1 if isinstance(size, int) else 2, size)) for size in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, sizes)))


@pytest.fixture(scope="session")
def onnx_model() -> Callable[..., bytes]:
    """Make a model that answers each record's mean magnitude as its redshift, unless told to be something else."""

    def make(
        images: tuple[int | str, ...] = ("n", 5, 32, 32),
        magnitudes: tuple[int | str, ...] = ("n", 5),
        *,
        kind: int = FLOAT,
        output: str = "redshift",
        keep: int = 0,
    ) -> bytes:
        axes = _field(1, "axes") + _field(8, 1) + _field(20, INTS)
        kept = _field(1, "keepdims") + _field(3, keep) + _field(20, 2)
        node = _field(1, "magnitudes") + _field(2, output) + _field(4, "ReduceMean") + _field(5, axes) + _field(5, kept)
        graph = _field(1, node) + _field(2, "g")
        graph += _field(11, _value("images", list(images), kind))
        graph += _field(11, _value("magnitudes", list(magnitudes), kind))
        graph += _field(12, _value(output, [magnitudes[0], *([1] if keep else [])], kind))
        return _field(1, 8) + _field(7, graph) + _field(8, _field(1, "") + _field(2, 13))

    return make
