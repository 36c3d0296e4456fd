"""Times and their ratios as people read them."""

from __future__ import annotations

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def span(seconds: float) -> str:
    """Return how long *seconds* are, with three figures or two units: ``0.46 s``, ``12.3 s``, ``5 min 3 s``."""
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    if seconds < 10:  # noqa: PLR2004  three figures
        return f"{sign}{seconds:.2f} s"
    if seconds < _MINUTE - 0.05:
        return f"{sign}{seconds:.1f} s"
    whole = round(seconds)
    for large, small, names in ((_DAY, _HOUR, "d h"), (_HOUR, _MINUTE, "h min"), (_MINUTE, 1, "min s")):
        if whole >= large:
            many, few = divmod(whole, large)
            first, second = names.split()
            return f"{sign}{many} {first} {few // small} {second}"
    return f"{sign}{whole} s"


def times(ratio: float) -> str:
    """Return how many times as long: ``1.8x``, ``25x``."""
    return f"{ratio:.1f}x" if ratio < 10 else f"{ratio:.0f}x"  # noqa: PLR2004  two figures
