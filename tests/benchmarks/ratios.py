"""What a benchmark tells ``make bench``: ratios to a peer or a floor that was measured in the same run."""

from __future__ import annotations

import json
import os
from pathlib import Path

FILE = "LANES_BENCH_RATIOS"  # the environment variable with the file that make bench reads


def tell(row: str, ratio: float, *, more_is_better: bool = False) -> None:
    """Note a *ratio* for make bench; without it nothing is noted.

    Args:
        row: What was compared with what.
        ratio: Ours to the other's, a median where it was measured several times.
        more_is_better: Whether a larger ratio is good (of a rate), and not a smaller one (of a time).
    """
    if place := os.environ.get(FILE):
        with Path(place).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"row": row, "ratio": ratio, "more_is_better": more_is_better}) + "\n")
