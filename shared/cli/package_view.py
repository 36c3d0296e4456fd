"""Sizes of workflows' packages as text and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.packages.package import Package
    from shared.values import Json

_MB = 1024**2


def as_lines(packages: Mapping[str, Package]) -> Iterator[str]:
    """Yield a line for the package of each workflow; Lambda takes 250 MB unzipped."""
    for key, package in packages.items():
        yield f"package {key}: {_size(package.size)}, unzipped {_size(package.unzipped)}"


def as_data(packages: Mapping[str, Package]) -> dict[str, Json]:
    """Return the sizes as data, in bytes."""
    return {
        "packages": {
            key: {"zipped_bytes": package.size, "unzipped_bytes": package.unzipped} for key, package in packages.items()
        }
    }


def _size(size: int) -> str:
    return f"{size / _MB:.1f} MB" if size >= _MB / 10 else f"{size / 1024:.1f} KB"
