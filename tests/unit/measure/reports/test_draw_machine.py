import json
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.measure.observed.trace import Visit
from shared.measure.reports.draw_machine import draw_machine, outcomes

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MACHINES = sorted((Path(__file__).parents[4] / "statemachines").glob("*.asl.json"))


def visit(state, kind="Task", *, seconds=1.0, failures=(), left=True):
    ended = NOW + timedelta(seconds=seconds) if left else None
    return Visit(state, kind, None, NOW, ended, failures=list(failures))


def boxes(svg):
    root = ET.fromstring(svg)
    space = "{http://www.w3.org/2000/svg}"
    return {
        group.find(f"{space}title").text.partition(":")[0]: [
            float(group.find(f"{space}rect").get(name)) for name in ("x", "y", "width", "height")
        ]
        for group in root.iter(f"{space}g")
    }


def overlap(one, other):
    (x, y, w, h), (a, b, c, d) = one, other
    return x < a + c and a < x + w and y < b + d and b < y + h


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.name)
def test_every_machine_of_the_house_is_drawn_without_overlaps(path):
    definition = json.loads(path.read_text())
    placed = boxes(draw_machine(definition, [], "SUCCEEDED"))
    assert set(definition["States"]) <= set(placed)
    top = [placed[name] for name in definition["States"]]
    assert not any(overlap(one, other) for index, one in enumerate(top) for other in top[:index])


def test_outcomes_of_a_run_that_failed_after_a_caught_error():
    visits = [
        visit("A"),
        visit("B", failures=["E"]),
        visit("M", "Map", left=False),
        visit("R", seconds=1),
        visit("R", seconds=3),
        visit("R", left=False, failures=["X", "Y"]),
    ]
    assert outcomes(visits, "FAILED") == {
        "A": ("succeeded", "1.00 s"),
        "B": ("caught", "1.00 s, 1 error"),
        "M": ("failed", ""),
        "R": ("failed", "3 times, 3.00 s, 2 errors"),
    }


def test_outcomes_of_one_that_runs_and_of_fail_states():
    assert outcomes([visit("A", left=False)], "RUNNING")["A"][0] == "running"
    assert outcomes([visit("A", "Fail", left=False)], "FAILED")["A"][0] == "failed"
    assert outcomes([visit("A", "Succeed", left=False)], "SUCCEEDED")["A"][0] == "succeeded"


def test_loops_parallels_and_states_nobody_leads_to():
    definition = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Choice", "Choices": [{"Next": "P"}], "Default": "Wait"},
            "Wait": {"Type": "Wait", "Next": "A"},
            "P": {
                "Type": "Parallel",
                "Branches": [{"StartAt": n, "States": {n: {"Type": "Pass", "End": True}}} for n in ("x<y", "z")],
                "End": True,
                "Catch": [{"Next": "Lost"}],
            },
            "Lost": {"Type": "Fail"},
            "Nowhere": {"Type": "Succeed"},
        },
    }
    placed = boxes(draw_machine(definition, [visit("x<y")], "SUCCEEDED"))
    assert set(placed) == {"A", "Wait", "P", "x<y", "z", "Lost", "Nowhere"}
    x, y, w, h = placed["P"]
    for name in ("x<y", "z"):
        a, b, c, d = placed[name]
        assert x < a
        assert a + c < x + w
        assert y < b
        assert b + d < y + h
