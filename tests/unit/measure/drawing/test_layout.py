"""Where everything lies: nothing on anything, whatever the machine."""

import json
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.measure.drawing.layout import lay_out

ROOT = Path(__file__).parents[4]
TEMPLATES = [
    path
    for folder in ("statemachines", "teams", "shared/scaffold", "tests/workflows/setups")
    for path in sorted((ROOT / folder).rglob("*.asl.json"))
    if path.name != "refused.asl.json"
]


def task(*targets, catch=(), **more):
    onward = {"Next": targets[0]} if targets else {"End": True}
    caught = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": name} for name in catch]} if catch else {}
    return {"Type": "Task", "Resource": "r", **onward, **caught, **more}


def choice(*targets, default=None):
    rules = [{"Variable": "$.n", "NumericEquals": at, "Next": name} for at, name in enumerate(targets)]
    return {"Type": "Choice", "Choices": rules, **({"Default": default} if default else {})}


def machine(**states):
    return {"StartAt": next(iter(states)), "States": states}


def frame(thing, shrunk=0.0):
    return thing.x + shrunk, thing.y + shrunk, thing.x + thing.width - shrunk, thing.y + thing.height - shrunk


def overlap(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def points(segment, count=24):
    """Points of a line or of a cubic curve (de Casteljau)."""
    for step in range(count + 1):
        share, left = step / count, list(segment)
        while len(left) > 1:
            left = [(a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])) for a, b in pairwise(left)]
        yield left[0]


def runs_through(route, area):
    """Whether an arrow lies within *area* anywhere."""
    for segment in route.segments:
        xs, ys = zip(*segment, strict=True)
        if not overlap((min(xs) - 0.1, min(ys) - 0.1, max(xs) + 0.1, max(ys) + 0.1), area):
            continue
        if any(area[0] < x < area[2] and area[1] < y < area[3] for x, y in points(segment)):
            return True
    return False


def check(layout):
    """Everything that holds of any layout, and of those in its boxes."""
    labels = [route.label for route in layout.routes if route.label]
    things = [*layout.boxes, *labels]
    assert not [(one, other) for one, other in combinations(things, 2) if overlap(frame(one), frame(other))]
    for thing in things:
        left, top, right, bottom = frame(thing)
        assert left >= -0.1
        assert top >= 0
        assert right <= layout.width + 0.1
        assert bottom <= layout.height + 0.1
    for route in layout.routes:
        for before, after in pairwise(route.segments):
            assert before[-1] == after[0]
        assert not [thing for thing in things if runs_through(route, frame(thing, 0.5))], route
        for segment in route.segments:
            assert all(-0.1 <= x <= layout.width + 0.1 and -0.1 <= y <= layout.height + 0.1 for x, y in segment)
    ends = {box.name: box for box in layout.boxes}
    for route in layout.routes:
        if route.arrow:
            (x, y), (a, b) = route.segments[0][0], route.segments[-1][-1]
            source, target = ends[route.arrow.source], ends[route.arrow.target]
            assert source.x < x < source.x + source.width
            assert y == pytest.approx(source.y + source.height)
            assert target.x < a < target.x + target.width
            assert b == pytest.approx(target.y)
    for box in layout.boxes:
        for (x, y), inner in box.inner:
            assert x > 0
            assert x + inner.width < box.width
            assert y >= box.head
            assert y + inner.height < box.height
            check(inner)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: "/".join(path.parts[-2:]))
def test_every_template_is_drawn_without_crossings_and_nothing_hides_anything(path):
    layout = lay_out(json.loads(path.read_text()))
    assert layout.crossings == 0
    check(layout)


def random_machine(random, depth=1):
    """A machine of up to twelve states, most of its arrows anywhere; in some states are smaller ones."""
    names = [f"State {number}" for number in range(random.randint(1, 12 if depth else 3))]
    states = {}
    for name in names:
        some = random.choices(names, k=4)
        kind = random.choice(["Task", "Task", "Choice", "Succeed", *(["Map", "Parallel"] if depth else [])])
        if kind == "Succeed":
            states[name] = {"Type": "Succeed"}
            continue
        if kind == "Choice":
            states[name] = choice(*some[: random.randint(1, 3)], default=random.choice([None, some[3]]))
            continue
        states[name] = {**task(*some[: random.randint(0, 1)], catch=some[1 : random.randint(1, 3)]), "Type": kind}
        if kind == "Map":
            states[name]["ItemProcessor"] = random_machine(random, depth - 1)
        if kind == "Parallel":
            states[name]["Branches"] = [random_machine(random, depth - 1) for _ in range(2)]
    return {"StartAt": names[0], "States": states}


@settings(max_examples=200)
@given(st.randoms(use_true_random=False))
def test_nothing_hides_anything_whatever_the_machine(random):
    definition = random_machine(random)
    layout = lay_out(definition)
    check(layout)
    assert layout == lay_out(definition)


END = task()
PLANAR = {
    "one": machine(A=END),
    "two ways that meet": machine(A=choice("B", default="C"), B=task("D"), C=task("D"), D=END),
    "a shortcut beside a chain": machine(A=choice("B", default="D"), B=task("C"), C=task("D"), D=END),
    "all catch to one": machine(
        A=task("B", catch=["Z"]), B=task("C", catch=["Z"]), C=task("D", catch=["Z"]), D=END, Z=END
    ),
    "a loop": machine(A=task("B"), B=task("C"), C=choice("A", default="D"), D=END),
    "a loop in a loop": machine(
        A=task("B"), B=task("C"), C=choice("B", default="D"), D=choice("A", default="E"), E=END
    ),
    "itself again": machine(A=choice("A", default="B"), B=END),
    "names against the order": machine(
        S=choice("A", "B", "C"), C=task("F"), B=task("E"), A=task("D"), F=END, D=END, E=END
    ),
    "caught around a choice": machine(A=task("B", catch=["D"]), B=choice("C", default="E"), C=task("E"), E=END, D=END),
}


@pytest.mark.parametrize("name", PLANAR)
def test_arrows_cross_nothing_where_that_is_possible(name):
    layout = lay_out(PLANAR[name])
    assert layout.crossings == 0
    check(layout)


def test_crossings_that_cannot_be_avoided_are_counted():
    """Each of two states leads to each of three: K(3,2) in two layers crosses at least three times."""
    layout = lay_out(
        machine(S=choice("A", "B"), A=choice("X", "Y", "Z"), B=choice("X", "Y", "Z"), X=task(), Y=task(), Z=task())
    )
    assert layout.crossings == 3


def test_a_loop_goes_up_beside_the_states_in_a_lane_of_its_own():
    layout = lay_out(PLANAR["a loop"])
    back = next(route for route in layout.routes if route.arrow and route.arrow.target == "A")
    lane = max(x for segment in back.segments for x, _ in segment)
    assert lane > max(box.x + box.width for box in layout.boxes)
    assert (back.label.lines, back.arrow.when) == (("$.n == 0",), "$.n == 0")


def test_what_asks_for_nothing_goes_straight_down():
    layout = lay_out(machine(A=task("B", catch="Z"), B=task("C", catch="Z"), C=task(), Z=task()))
    middles = {box.name: box.x + box.width / 2 for box in layout.boxes}
    assert middles["A"] == pytest.approx(middles["B"]) == pytest.approx(middles["C"])


def test_a_long_arrow_bends_at_its_ends_alone():
    names = [f"S{number}" for number in range(20)]
    states = {name: task(after) for name, after in pairwise(names)}
    states[names[-1]] = task()
    states[names[0]] = task(names[1], catch=[names[-1]])
    caught = next(route for route in lay_out(machine(**states)).routes if route.arrow and route.arrow.catches)
    assert sum(len(segment) == 4 for segment in caught.segments) <= 2


def test_a_name_of_eighty_characters_is_broken_or_shortened():
    for name in ("A" * 80, "a name with words " * 4 + "and more", "x_y." * 20):
        box = lay_out(machine(**{name: task()})).boxes[0]
        assert len(box.lines) == 2
        assert box.width < 260


def test_a_machine_of_sixty_states_takes_no_time_to_lay_out():
    names = [f"S{number}" for number in range(60)]
    states = {
        name: choice(*names[at + 1 : at + 4], default=names[at - at % 7])
        if at % 3
        else task(names[at + 1], catch=["S59"])
        for at, name in enumerate(names[:-1])
    }
    layout = lay_out(machine(**states, S59=task()))
    check(layout)
    assert len(layout.boxes) == 60
