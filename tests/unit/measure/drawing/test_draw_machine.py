"""The SVG of a machine: what it says, what leads where, and what no page may refuse."""

import re
import xml.etree.ElementTree as ET

import pytest

from shared.measure.drawing.draw_machine import STYLE, alone, draw_machine
from shared.run.graph import Graph, Items, Node, graph_of

SVG = "{http://www.w3.org/2000/svg}"
TASK = {"Type": "Task", "Resource": "r"}
EACH = {"StartAt": "Count", "States": {"Count": {**TASK, "End": True}}}
DEFINITION = {
    "StartAt": "Any?",
    "States": {
        "Any?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.items[0]", "IsPresent": True, "Next": "Predict"}],
            "Default": "Lost",
        },
        "Predict": {
            "Type": "Map",
            "ItemProcessor": EACH,
            "Catch": [{"ErrorEquals": ["States.Timeout", "Own.Error"], "Next": "Lost"}],
            "Next": "Done",
        },
        "Done": {"Type": "Succeed"},
        "Lost": {"Type": "Fail"},
    },
}
HOSTILE = [
    "<script>alert(1)</script>",
    "\"'&]]>--",
    "a\x00\x1b\ud800b",
    "</title></svg><a href='x'>",
    "x" * 80,
    "漢字 😀",
]


def drawn(definition=DEFINITION, graph=None, **more):
    text = draw_machine(definition, graph or graph_of(definition), **more)
    return ET.fromstring(text), text


def states(root):
    """The elements of the states, by the names that their titles say."""
    found = [each for each in root.iter() if (each.get("class") or "").startswith("state ")]
    return {each.find(f"{SVG}title").text.partition(":")[0]: each for each in found}


def texts(element, look):
    return [each.text for each in element.iter(f"{SVG}text") if each.get("class") == look]


def with_node(**told):
    return Graph(
        tuple(Node("Predict", "Map", **told) if node.name == "Predict" else node for node in graph_of(DEFINITION).nodes)
    )


def test_nothing_in_it_is_refused_by_a_strict_policy():
    _, text = drawn(address=lambda name: f"/runs/x?state={name}")
    assert not re.search(r"\sstyle=|<style|<script|\son\w+=|\s(fill|stroke|font-family|font-size)=", text)


def test_two_drawings_on_a_page_share_no_id():
    one, other = (ET.fromstring(draw_machine(DEFINITION, graph_of(DEFINITION), key=key)) for key in ("one", "other"))
    ids = [each.get("id") for root in (one, other) for each in root.iter() if each.get("id")]
    assert len(ids) == len(set(ids)) > 10


@pytest.mark.parametrize("key", ["one", "other"])
def test_what_it_refers_to_is_in_it(key):
    root, text = drawn(key=key)
    ids = {each.get("id") for each in root.iter()}
    assert set(re.findall(r"url\(#([^)]+)\)", text)) == {f"{key}-tip", f"{key}-tip-catches"}
    assert set(re.findall(r"url\(#([^)]+)\)", text)) <= ids
    assert {root.get("aria-labelledby"), root.get("aria-describedby")} <= ids


def test_as_a_picture_it_is_described():
    root, _ = drawn()
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == "State machine"
    assert "Predict: not reached. Count: not reached" in root.find(f"{SVG}desc").text
    assert not list(root.iter(f"{SVG}a"))


def test_with_addresses_every_state_is_a_link_that_says_how_it_is():
    graph = with_node(failed=1, retries=2, items=Items(40, 0, 37, 3), inner=(Node("Count", "Task", done=37, failed=3),))
    root, _ = drawn(graph=graph, address=lambda name: f"/runs/x?state={name}&y=1#state")
    links = {each.get("aria-label").partition(":")[0]: each for each in root.iter(f"{SVG}a")}
    assert root.get("role") == "group"
    assert set(links) == {"Any?", "Predict", "Count", "Done", "Lost"}
    assert links["Predict"].get("aria-label") == "Predict: failed, 3 of 40 items, 2 retries"
    assert links["Predict"].get("href") == "/runs/x?state=Predict&y=1#state"
    assert not [inner for link in links.values() for inner in link.iter(f"{SVG}a") if inner is not link]


def test_the_ids_of_links_stay_while_a_run_goes_on():
    before, after = (drawn(graph=graph, address=str)[0] for graph in (None, with_node(running=1)))
    ids = [{name: each.get("id") for name, each in states(root).items()} for root in (before, after)]
    assert ids[0] == ids[1]


@pytest.mark.parametrize(
    ("told", "look", "line", "more"),
    [
        ({}, "waiting", "· not reached", "Map"),
        ({"running": 1, "items": Items(40, 5, 12, 2)}, "running", "▸ running, 12 of 40 items", "2 failed"),
        (
            {"failed": 1, "items": Items(40, 0, 30, 1, 2, 7)},
            "failed",
            "✗ failed, 1 of 40 items",
            "2 timed out, 7 stopped",
        ),
        ({"running": 1, "items": Items(None, 5, 12, 0)}, "running", "▸ running, 12 items so far", "Map"),
        ({"done": 1, "items": Items(1, 0, 1), "seconds": 1.234}, "done", "✓ done, 1 item, 1.23 s", "Map"),
        ({"done": 1, "error": "Own.Error"}, "caught", "! done, caught Own.Error", "Map"),
        ({"failed": 1, "error": "Own.Error"}, "failed", "✗ failed, Own.Error", "Map"),
        ({"failed": 2, "done": 9998}, "failed", "✗ failed, 2 of 10,000 times", "Map"),
        ({"stopped": 1}, "stopped", "■ stopped", "Map"),
        ({"done": 3, "seconds": 1.5, "retries": 1}, "done", "✓ done, 3 times, 1 retry", "longest 1.50 s"),
    ],
)
def test_a_state_says_how_it_is_in_a_sign_and_words_and_a_class(told, look, line, more):
    predict = states(drawn(graph=with_node(**told))[0])["Predict"]
    assert predict.get("class").split()[1] == look
    assert texts(predict, "words") == [line, more]


def test_arrows_say_when_and_those_of_errors_look_otherwise():
    root, _ = drawn()
    arrows = {
        each.find(f"{SVG}title").text: each
        for each in root.iter(f"{SVG}g")
        if (each.get("class") or "").startswith("arrow") and each.find(f"{SVG}title") is not None
    }
    assert {said: (each.get("class"), " ".join(texts(each, "when"))) for said, each in arrows.items()} == {
        "Any? to Predict if $.items[0] is present": ("arrow", "$.items[0] is present"),
        "Any? to Lost otherwise": ("arrow", "otherwise"),
        "Predict to Done": ("arrow", ""),
        "Predict to Lost on States.Timeout, Own.Error": ("arrow catches", "States.Timeout, Own.Error"),
    }
    assert re.search(r"\.catches \.way \{[^}]*stroke-dasharray", STYLE)


def test_a_long_condition_is_shortened_and_told_whole():
    condition = " and ".join(f"$states.input.rows[{number}] > 3" for number in range(20))
    rule = {"Condition": f"{{% {condition} %}}", "Next": "B"}
    definition = {
        "StartAt": "A",
        "States": {"A": {"Type": "Choice", "Choices": [rule]}, "B": {"Type": "Succeed"}},
    }
    root, _ = drawn(definition)
    assert texts(root, "when")[-1].endswith("…")
    assert f"A to B if {condition}" in [each.text for each in root.iter(f"{SVG}title")]


def test_the_machine_of_a_distributed_map_is_drawn_but_not_counted():
    processor = {**EACH, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    definition = {"StartAt": "Ranks", "States": {"Ranks": {"Type": "Map", "ItemProcessor": processor, "End": True}}}
    graph = Graph((Node("Ranks", "Map", running=1, items=Items(10000, 130, 9868, 2), distributed=True),))
    root, _ = drawn(definition, graph, address=str)
    ranks, count = (states(root)[name] for name in ("Ranks", "Count"))
    assert texts(ranks, "words") == [
        "▸ running",
        "9,868 of 10,000 items, 2 failed",
        "each item an execution of its own",
    ]
    assert count.get("class") == "state elsewhere"
    assert (count.tag, texts(count, "words")) == (f"{SVG}g", ["in each item", "Task"])


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_only_text(name):
    definition = {
        "StartAt": name,
        "States": {
            name: {
                "Type": "Choice",
                "Choices": [{"Variable": name, "StringEquals": name, "Next": "End"}],
                "Default": name,
            },
            "End": {"Type": "Task", "Catch": [{"ErrorEquals": [name], "Next": name}], "End": True},
        },
    }
    graph = Graph((Node(name, "Choice", done=2, error=name), Node("End", "Task", failed=1, error=name)))
    for address in (None, lambda state: f"/x?state={state.encode('utf-8', 'replace')!r}"):
        root, text = drawn(definition, graph, address=address, key=name)
        assert not list(root.iter("script"))
        assert not list(root.iter(f"{SVG}script"))
        assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {
            *("svg", "title", "desc", "defs", "marker", "path", "g", "a", "rect", "circle", "text")
        }
        assert "<script" not in text


def test_a_file_of_its_own_has_its_style_and_needs_nothing_else():
    root = ET.fromstring(alone(draw_machine(DEFINITION, graph_of(DEFINITION))))
    assert root.find(f"{SVG}style").text.strip() == STYLE.strip()
    assert not re.search(r"url\(|@import|https?:", STYLE)


def test_every_class_has_a_look():
    graph = with_node(failed=1)
    _, text = drawn(graph=graph, address=str)
    said = {look for found in re.findall(r'class="([^"]+)"', text) for look in found.split()} - {
        "state",
        "arrow",
        "done",
    }
    assert {look for look in said if f".{look}" not in STYLE} == set()
