"""Who may ask: team keys and rates."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import LanesError
from shared.fmi.rendezvous.keys import Judgement, Namespace, TeamKeys, load_keys
from shared.fmi.rendezvous.limits import RateLimiter

KEY, OTHER = b"k" * 32, b"o" * 32


def test_a_team_with_its_key_is_let_in() -> None:
    keys = TeamKeys({"team1": KEY, "team2": OTHER})
    name = Namespace("team1", "run-1", "fmi", KEY).pair_name(0, 1)
    assert keys.judge(name) == (Judgement.VERIFIED, "team1")


@pytest.mark.parametrize(
    ("name", "judgement"),
    [
        (Namespace("team1", "run-1", "fmi", OTHER).pair_name(0, 1), Judgement.FORGED),
        (Namespace("team1", "run-1", "fmi").pair_name(0, 1), Judgement.FORGED),
        (b"team1-", Judgement.FORGED),
        (b"fmi_pair0_1", Judgement.UNSIGNED),
        (b"\xff\xfe", Judgement.UNSIGNED),
    ],
)
def test_a_wrong_or_missing_mac_is_refused(name: Any, judgement: Any) -> None:
    assert TeamKeys({"team1": KEY}).judge(name)[0] is judgement


def test_old_clients_are_let_in_only_when_asked_for() -> None:
    assert TeamKeys({"team1": KEY}, allow_open=True).judge(b"fmi_pair0_1")[0] is Judgement.OPEN
    assert TeamKeys({"team1": KEY}, allow_open=True).judge(b"team1-forged")[0] is Judgement.FORGED
    assert TeamKeys().judge(b"fmi_pair0_1")[0] is Judgement.OPEN


@given(st.text(max_size=200), st.integers(0, 4096), st.integers(0, 4096), st.sampled_from([b"", KEY]))
def test_both_ranks_make_the_same_name_and_it_fits(run: Any, rank: Any, peer: Any, key: Any) -> None:
    namespace = Namespace("team1", run.replace("\0", ""), "fmi", key)
    assert namespace.pair_name(rank, peer) == namespace.pair_name(peer, rank)
    assert 1 <= len(namespace.pair_name(rank, peer)) <= 99


@given(st.binary(max_size=99))
def test_no_bytes_without_the_key_are_let_in(name: Any) -> None:
    assert TeamKeys({"team1": KEY}).judge(name)[0] in {Judgement.UNSIGNED, Judgement.FORGED}


def test_a_key_is_never_printed() -> None:
    assert "kkkk" not in repr(Namespace("team1", "run", "fmi", KEY))


def test_a_key_file_lists_every_problem(tmp_path: Any) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"Team 1": "00" * 32, "team2": "00", "team3": 5, "team4": "ab" * 32}))
    with pytest.raises(LanesError, match=r"'Team 1' is no team name; the key of team2 .*; the key of team3"):
        load_keys(path)
    path.write_text(json.dumps({"team4": "ab" * 32}))
    assert load_keys(path) == {"team4": b"\xab" * 32}


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_a_key_file_that_is_none_says_so(tmp_path: Any, text: Any) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    with pytest.raises(LanesError, match="team keys"):
        load_keys(path)


def test_a_source_has_its_burst_and_then_its_rate() -> None:
    limiter = RateLimiter(rate=2, burst=3, sources=10)
    assert [limiter.allow("a", 0) for _ in range(4)] == [True, True, True, False]
    assert limiter.allow("b", 0)
    assert [limiter.allow("a", 1) for _ in range(3)] == [True, True, False]


def test_the_sources_remembered_are_bounded() -> None:
    limiter = RateLimiter(rate=1, burst=1, sources=2)
    for source in ("a", "b", "c"):
        assert limiter.allow(source, 0)
    assert limiter.allow("a", 0), "the least recently seen was forgotten"
    assert not limiter.allow("c", 0)
