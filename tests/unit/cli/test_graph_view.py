"""The picture of a run in 80 columns, and what changes in it as lines."""

from shared.cli.graph_view import news, picture, words
from shared.run.graph import Graph, Items, Node

GRAPH = Graph(
    (
        Node("Split", "Task", ("Enough",), done=1, retries=1),
        Node("Enough", "Choice", ("Pieces", "Tidy")),
        Node(
            "Pieces",
            "Map",
            ("Tidy",),
            (Node("Count", "Task", running=2, done=10, failed=1),),
            running=1,
            items=Items(40, 27, 12, 1),
        ),
        Node("Tidy", "Pass", done=1, error="Bad"),
        Node("End", "Task", failed=1, error="KeyError"),
    )
)


def lines(**how):
    return picture(GRAPH, **how).plain.splitlines()


def test_each_state_has_a_mark_and_what_is_known_of_it():
    assert lines() == [
        "  ✓ Split    done, retried 1",
        "  · Enough   waiting, -> Pieces | Tidy",
        "  ▸ Pieces   running 12/40, 1 failed",
        "  ▸   Count  running 10/13, 1 failed",
        "  ✓ Tidy     done, caught Bad",
        "  ✗ End      failed, KeyError",
    ]


def test_letters_alone_where_a_terminal_has_no_others():
    assert [line[2] for line in lines(plain=True)] == ["+", ".", ">", ">", "+", "x"]
    assert all(line.isascii() for line in lines(plain=True))


def test_where_the_screen_is_low_what_goes_on_is_left():
    assert lines(height=3) == [
        "  ▸ Pieces   running 12/40, 1 failed",
        "  ▸   Count  running 10/13, 1 failed",
        "  and 4 states more",
    ]


def test_a_long_name_is_cut():
    shown = picture(Graph((Node("N" * 80, "Pass"),))).plain
    assert shown == f"  · {'N' * 37}...  waiting"
    assert len(shown) <= 80


def test_items_of_a_map_that_reads_them_are_counted_before_it_is_known_how_many():
    node = Node("Pieces", "Map", running=1, items=Items(None, 3, 5), distributed=True)
    assert words(node) == "running 5/?, each item an execution of its own"


def test_plain_lines_tell_what_is_new_and_of_many_items_each_quarter():
    def at(done):
        return Graph((Node("Pieces", "Map", running=1, items=Items(40, 40 - done, done)), Node("End", "Task")))

    assert list(news(None, at(0))) == ["Pieces: running 0/40"]
    assert list(news(at(0), at(9))) == []
    assert list(news(at(9), at(10))) == ["Pieces: running 10/40"]
