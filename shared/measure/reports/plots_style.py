"""How all plots look, and how they are saved: PNG for slides, SVG for print and the report.

They can be read in grey, and by colour-blind readers. Ordered series take shades of cividis, which get darker in even
steps, and every series has a marker of its own. Kinds take the palette of Okabe and Ito, and a hatch. pyplot is not
used, since it has global state.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.typing import RcKeyType

BLUE, ORANGE, GREEN, VERMILION, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#666666"
_MARKERS = "osD^vP*X<>"
_FEWEST_FOR_LOG, _RANGE_FOR_LOG = 3, 8  # from so many values over such a ratio on, even steps leave no room at one end
_STYLE: dict[RcKeyType, object] = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.7,
    "hatch.linewidth": 0.8,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 5.5,
    "savefig.dpi": 160,
    "svg.fonttype": "path",
    "svg.hashsalt": "lanes",  # the same figure makes the same file
}


def draw(size: tuple[float, float], fill: Callable[[Figure], object]) -> Figure:
    """Return a figure of *size* inches that *fill* has drawn into, in our style."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=size)
        fill(figure)
        return figure


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write ``name.png`` and ``name.svg`` into *folder* and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.png", folder / f"{name}.svg"]
    save_png(figure, paths[0])
    with mpl.rc_context(_STYLE):
        figure.savefig(paths[1], metadata={"Date": None})
    return paths


def save_png(figure: Figure, into: Path | io.BytesIO) -> None:
    """Write the figure as PNG; the same figure makes the same bytes."""
    with mpl.rc_context(_STYLE):
        figure.savefig(into, format="png", metadata={"Software": None})


def as_svg(figure: Figure) -> str:
    """Return the figure as an ``<svg>`` element to put into a page."""
    file = io.StringIO()
    with mpl.rc_context(_STYLE):
        figure.savefig(file, format="svg", metadata={"Date": None})
    text = file.getvalue()
    return text[text.index("<svg") :]


def shades(count: int) -> list[tuple[float, float, float, float]]:
    """Return *count* colours from dark to light. The lightest is still dark enough on white."""
    colours = mpl.colormaps["cividis"]
    return [colours(0.82 * index / max(1, count - 1)) for index in range(count)]


def marker(index: int) -> str:
    """Return the marker of the series with that number."""
    return _MARKERS[index % len(_MARKERS)]


def whole_ticks(axes: Axes, values: Sequence[float]) -> None:
    """Put ticks at *values* of the x axis, and nowhere else; evenly apart, where each is twice the one before."""
    if len(values) >= _FEWEST_FOR_LOG and min(values) > 0 and max(values) / min(values) >= _RANGE_FOR_LOG:
        axes.set_xscale("log", base=2)
    axes.set_xticks(list(values), [f"{value:g}" for value in values])
    axes.minorticks_off()
