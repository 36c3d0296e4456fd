from __future__ import annotations

import json
from typing import Any

import pytest

from shared.handlers.cosmic.progress import Progress


class Teller:
    """A clock that is set, and the lines said."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lines: list[str] = []

    def progress(self, of: int) -> Progress:
        return Progress("run-1", 3, of, clock=lambda: self.now, write=self.lines.append)

    @property
    def said(self) -> list[Any]:
        return [json.loads(line)["progress"] for line in self.lines]


@pytest.fixture
def teller() -> Teller:
    return Teller()


def test_it_speaks_at_most_four_times_a_second(teller: Teller) -> None:
    progress = teller.progress(1000)
    for step in range(1, 101):
        teller.now = step * 0.01
        progress.advance(1)
    assert [line["done"] for line in teller.said] == [0, 25, 50, 75, 100]
    assert teller.said[1] == {"run_id": "run-1", "rank": 3, "done": 25, "of": 1000}


def test_the_start_and_the_end_are_always_said(teller: Teller) -> None:
    progress = teller.progress(256)
    progress.advance(128)
    progress.advance(128)
    assert [(line["done"], line["of"]) for line in teller.said] == [(0, 256), (256, 256)]


def test_more_than_was_foreseen_is_still_all_of_it(teller: Teller) -> None:
    teller.progress(1).advance(2)
    assert teller.said[-1] == {"run_id": "run-1", "rank": 3, "done": 2, "of": 2}
