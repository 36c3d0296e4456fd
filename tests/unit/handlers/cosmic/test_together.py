"""Ranks that run together, each in a thread, over a real rendezvous and real connections."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.request import urlopen

import boto3
import pytest

from shared.fmi.collectives.edges import neighbours
from shared.fmi.errors import PairingFailed, PeerLost
from shared.fmi.rendezvous.keys import team_key
from shared.handlers.cosmic import together
from shared.handlers.cosmic.errors import CorruptPartition, TotalsDiffer
from shared.handlers.cosmic.summarize import fmi_totals
from shared.local.rendezvous import LocalRendezvous
from tests.helpers.servers import free_port

RANKS = 3


class Context:
    """A function with 30 s left, or fewer."""

    def __init__(self, seconds: float = 30) -> None:
        self._milliseconds = int(1000 * seconds)

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


@pytest.fixture
def http_port() -> Any:
    return free_port()


@pytest.fixture(autouse=True)
def rendezvous(monkeypatch: pytest.MonkeyPatch, keys: Any, http_port: int) -> Any:
    with LocalRendezvous(keys=lambda: keys, http_port=http_port) as server:
        monkeypatch.setenv("RENDEZVOUS_ENDPOINT", server.endpoint())
        monkeypatch.setenv("RENDEZVOUS_TIMEOUT", "5")
        monkeypatch.setenv("RENDEZVOUS_DEGRADED_AFTER", "1")
        monkeypatch.setenv("RENDEZVOUS_PROTOCOL", "v2")
        yield


@pytest.fixture
def started(store: Any, partition: Any, step: Any) -> Any:
    """Start a run of three ranks over partitions of 5, 4 and 3 records."""
    for number, size in enumerate((5, 4, 3)):
        store.put(f"datasets/{number}.safetensors", partition(size, number))
    payload = {"world_size": RANKS, "batch_size": 2, "data_prefix": "datasets", "fmi_enabled": True}
    return step("init")({"run_id": "run-1", "run_started": "2026-01-01T00:00:00.000Z", "payload": payload}, None)


@pytest.fixture
def all_ranks(store: Any, step: Any) -> Any:
    """Run every rank at once; returns what each returned or raised."""

    def run(started: Any) -> list[Any]:
        handler = step("inference")
        items = store.json(started["manifest"])
        with ThreadPoolExecutor(len(items)) as pool:
            futures = [pool.submit(handler, item, Context()) for item in items]
        return [future.exception() or future.result() for future in futures]

    return run


def test_rank_0_learns_what_the_summary_finds(store: Any, step: Any, started: Any, all_ranks: Any) -> None:
    assert [answer["rank"] for answer in all_ranks(started)] == [0, 1, 2]
    summary = step("summarize")({"run": started, "ranks_done": "2126-01-01T00:00:00.000Z"}, None)
    assert summary["fmi"]["records"] == summary["records"] == 12
    assert summary["fmi"]["mae"] == pytest.approx(summary["quality"]["mae"], rel=1e-9)
    assert summary["fmi"]["bias"] == pytest.approx(summary["quality"]["bias"], rel=1e-9)
    combined = store.json("results/combined_data.json")
    assert [rank["fmi_totals"] is None for rank in combined] == [False, True, True]
    assert all(rank["fmi_waited_seconds"] > 0 for rank in combined)


def test_the_ranks_make_one_world_which_pairs_along_its_graph_once(http_port: int) -> None:
    def rank(number: int) -> Any:
        event: Any = {
            "fmi_enabled": True,
            "rank": number,
            "world_size": RANKS,
            "run_id": "r",
            "rendezvous_endpoint": "",
        }
        with together.joined(event, Context()) as group:
            return group.totals({"records": 1.0}, Context())

    with ThreadPoolExecutor(RANKS) as pool:
        assert list(pool.map(rank, range(RANKS))) == [{"records": float(RANKS)}, *[None] * (RANKS - 1)]
    with urlopen(f"http://127.0.0.1:{http_port}/metrics") as answer:
        (count,) = re.findall(r"^fmi_rendezvous_pairings_total (\d+)", answer.read().decode(), re.MULTILINE)
    assert int(count) == sum(len(neighbours(number, RANKS)) for number in range(RANKS)) / 2


def test_a_rank_that_does_not_start_is_named_within_the_functions_time(started: Any, store: Any, step: Any) -> None:
    items = store.json(started["manifest"])
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(step("inference"), item, Context(6)) for item in items[:2]]
    for failure in [future.exception() for future in futures]:
        assert isinstance(failure, PairingFailed)
        assert failure.rank == 2


def test_ranks_speak_to_a_server_what_it_knows(started: Any, all_ranks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RENDEZVOUS_PROTOCOL", "v1")
    assert [answer["rank"] for answer in all_ranks(started)] == [0, 1, 2]


def test_ranks_whose_key_is_not_the_teams_are_refused_and_told_what_to_do(started: Any, all_ranks: Any) -> None:
    other = team_key(b"another master".ljust(32), "team2").hex()
    boto3.client("secretsmanager").put_secret_value(SecretId=os.environ["RENDEZVOUS_SECRET"], SecretString=other)
    for failure in all_ranks(started):
        assert isinstance(failure, PairingFailed)
        assert "the server refuses: a missing or wrong team key" in str(failure)
        assert "lanes deploy TEAM renews a team's key" in str(failure)


def test_a_rank_that_fails_is_named_by_rank_0(store: Any, started: Any, all_ranks: Any) -> None:
    store.put("datasets/1.safetensors", b"no tensors at all")
    root, culprit, _ = all_ranks(started)  # the third may have given its part already
    assert isinstance(culprit, CorruptPartition)
    assert isinstance(root, PeerLost)
    assert root.rank == 1
    assert "it raised CorruptPartition" in str(root)
    assert not {"results/run-1/ranks/0.json", "results/run-1/ranks/1.json"} & set(store.keys("results/"))


def test_totals_that_are_not_those_of_the_results_fail_the_run(
    store: Any, step: Any, started: Any, all_ranks: Any
) -> None:
    all_ranks(started)
    changed = store.json("results/run-1/ranks/2.json")
    changed["quality_sums"]["absolute_error"] += 1e-3
    store.handlers.put_json("results/run-1/ranks/2.json", changed)
    with pytest.raises(TotalsDiffer, match=r"^absolute_error is [\d.]+ over FMI, [\d.]+ in the results$"):
        step("summarize")({"run": started, "ranks_done": "2126-01-01T00:00:00.000Z"}, None)
    assert "results/combined_data.json" not in store.keys("results/")


def test_without_records_there_is_no_error_to_take_the_mean_of() -> None:
    sums = dict.fromkeys(
        ("records", "true", "true_squared", "absolute_error", "squared_error", "scaled_error", "inference_seconds"), 0.0
    )
    rank: Any = {"fmi_totals": sums, "quality_sums": sums, "inference_seconds": 0.0, "fmi_waited_seconds": 0.1}
    assert fmi_totals([rank])["mae"] is None


def test_a_rank_alone_waits_for_nobody_and_tells_nobody() -> None:
    alone: Any = {"fmi_enabled": False}
    with together.joined(alone, Context()) as group:
        assert group.waited == 0
        assert group.totals({"records": 1.0}, Context()) is None
