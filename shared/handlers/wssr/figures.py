"""The figures of a run, as its steps hand them to each other in the state machine's JSON. For type checkers."""

from __future__ import annotations

from typing import TypedDict


class Figures(TypedDict):
    """What a run simulates. ``joiners`` is a number a year, ``headcount`` that of the first workforce."""

    run_id: str
    iterations: int
    years: int
    seed: int
    headcount: int
    joiners: int


class Run(Figures):
    """Init's answer. ``concurrency`` is how many iterations run at once."""

    concurrency: int


class Iteration(Run):
    """Simulate's event. ``iteration`` counts from 1."""

    iteration: int


class Result(Figures):
    """Collate's answer. ``results`` has where each file is, by its name without suffix."""

    results: dict[str, str]
