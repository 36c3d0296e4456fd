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
    svg, png = files_of(figure)
    paths[0].write_bytes(png)
    paths[1].write_text(svg, encoding="utf-8")
    return paths


def files_of(figure: Figure) -> tuple[str, bytes]:
    """Return a figure that was not drawn yet as SVG and as PNG. The same figure makes the same bytes.

    The order matters: each drawing moves what the layout found at the one before by a little.
    """
    svg, png = io.StringIO(), io.BytesIO()
    with mpl.rc_context(_STYLE):
        figure.savefig(svg, format="svg", metadata={"Date": None})
        figure.savefig(png, format="png", metadata={"Software": None})
    return svg.getvalue(), png.getvalue()


def as_svg(figure: Figure) -> str:
    """Return the figure as an ``<svg>`` element to put into a page."""
    file = io.StringIO()
    with mpl.rc_context(_STYLE):
        figure.savefig(file, format="svg", metadata={"Date": None})
    return element(file.getvalue())


def element(svg: str) -> str:
    """Return the ``<svg>`` element of a file of SVG."""
    return svg[svg.index("<svg") :].rstrip()


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
