import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

from shared.measure.intervals import Interval
from shared.measure.observed.invocations import Row
from shared.measure.reports.plots_redshifts import plot_redshifts, plot_residuals
from shared.measure.reports.plots_run import plot_timeline, stragglers
from shared.measure.reports.plots_style import as_svg, save
from shared.measure.reports.plots_sweep import pareto, plot_sweep
from shared.measure.scaling.sweep_tables import FIGURES, Point, Spread
from shared.run.report_line import Report


def point(seconds, usd, **axes):
    figures = dict.fromkeys(FIGURES, Spread(1.0, 0.5, 2.0))
    figures |= {"wall_seconds": Spread(seconds, seconds, seconds), "cost_usd": Spread(usd, usd, usd)}
    return Point(axes, 3, 0, figures, 1.0, 1.0)


def row(rank, took, *, init=None, state="Inference"):
    return Row(Report(f"{state} {rank}", took, 1, 1, 1, init), "g", 10_000, "r", rank, state, *[False] * 3)


@pytest.fixture(scope="module")
def redshifts():
    random = np.random.default_rng(7)
    true = random.uniform(0, 0.5, 900).astype(np.float32)
    return true, true + random.normal(0, 0.02, 900).astype(np.float32)


def is_picture(paths):
    picture, drawing = paths
    root = ET.fromstring(drawing.read_text())
    return picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" and root.tag == "{http://www.w3.org/2000/svg}svg"


def test_a_sweep_over_two_axes_has_all_figures(tmp_path):
    points = [point(9 / world, world, world_size=world, batch_size=batch) for world in (1, 2) for batch in (8, 128)]
    figures = plot_sweep(points)
    assert set(figures) == {"time-and-throughput", "memory", "speed-up", "cost-and-time"}
    assert is_picture(save(figures["time-and-throughput"], tmp_path, "x"))
    labels = figures["speed-up"].axes[0].get_legend_handles_labels()[1]
    assert labels == ["ideal", "batch size 8", "batch size 128"]


def test_other_axes_have_the_figures_they_can_have():
    assert set(plot_sweep([point(1, 1, batch_size=8)])) == {"time-and-throughput", "memory"}
    assert set(plot_sweep([point(1, 1, model="a"), point(2, 2, model="b")])) == {"cost-and-time"}
    assert plot_sweep([]) == {}


def test_the_pareto_front_goes_from_the_fastest_to_the_cheapest():
    points = [point(3, 1, n=1), point(1, 5, n=2), point(2, 2, n=3), point(2, 3, n=4), point(4, 1, n=5)]
    assert [each.axes["n"] for each in pareto(points)] == [2, 3, 1]


def test_one_slow_repeat_squeezes_no_configuration():
    quick, slow = point(2, 0.001, n=1), point(3, 0.002, n=2)
    ranges = {**slow.figures, "wall_seconds": Spread(3, 2, 90)}
    drawn = plot_sweep([quick, replace(slow, figures=ranges)], [quick])
    panel = drawn["cost-and-time"].axes[0]
    assert panel.get_xlim() == (0, 4.5)
    assert "recommended" in panel.get_legend_handles_labels()[1]


def test_stragglers_are_judged_within_their_state():
    rows = [row(0, 100), row(1, 110), row(2, 160), row(3, 100), row(None, 900, state="Init"), row(None, 9, state="End")]
    assert [each.rank for each in stragglers(rows)] == [2]


@pytest.mark.parametrize("count", [1, 4, 200])
def test_a_timeline_of_few_and_of_many(tmp_path, count):
    rows = [row(None, 200, init=300, state="Init"), *(row(rank, 100 + rank, init=None) for rank in range(count))]
    figure = plot_timeline(rows)
    assert figure.get_figheight() <= 9
    assert is_picture(save(figure, tmp_path, "timeline"))


def test_what_lies_far_off_is_counted_and_squeezes_nothing(redshifts):
    true, predicted = redshifts
    far = predicted.copy()
    far[0] = 70
    panel = plot_redshifts(true, far, "figures")[0].axes[0]
    assert panel.get_ylim()[1] < 1
    assert panel.get_title(loc="left") == "figures\n1 outside the frame"
    panel = plot_residuals(true, far, [])
    assert panel.axes[0].get_ylim()[1] < 0.26
    assert panel.axes[0].get_title(loc="left") == "1 of 900 outside the frame"


def test_the_data_of_a_density_are_its_cells(redshifts):
    _, data = plot_redshifts(*redshifts, "")
    cells = [line.split(",") for line in data.splitlines()[1:]]
    assert sum(int(count) for _, _, count in cells) == 900
    assert all(abs(float(true) - float(predicted)) < 0.15 for true, predicted, _ in cells)


def test_the_same_figure_is_the_same_file(tmp_path, redshifts):
    assert as_svg(plot_residuals(*redshifts, [])) == as_svg(plot_residuals(*redshifts, []))
    assert is_picture(save(plot_residuals(*redshifts, []), tmp_path, "x"))


def test_a_speed_up_has_its_interval_as_bars():
    sure = Interval(1.9, 1.7, 2.2, 5, 5)
    points = [point(9, 1, world_size=1), replace(point(5, 2, world_size=2), speedup=1.9, interval=sure)]
    (_, bars) = plot_sweep(points)["speed-up"].axes[0].collections[0].get_segments()
    assert [height for _, height in bars] == pytest.approx([1.7, 2.2])
