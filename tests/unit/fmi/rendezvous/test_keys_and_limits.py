"""Who may ask: team keys and rates."""

import resource
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import UsageError
from shared.fmi.rendezvous.keys import Judgement, Namespace, TeamKeys, master_of, read_key, team_key
from shared.fmi.rendezvous.limits import Limits, RateLimiter

MASTER = b"m" * 32
KEYS = TeamKeys(MASTER)
KEY, OTHER = team_key(MASTER, "team1"), team_key(MASTER, "team2")
SLUGS = st.from_regex(r"[a-z][a-z0-9]{1,11}", fullmatch=True)
MASTERS = st.binary(min_size=32, max_size=32)


def test_a_team_with_its_key_is_let_in_whenever_it_was_made() -> None:
    for team in ("team1", "tomorrow"):
        name = Namespace(team, "run-1", "fmi", team_key(MASTER, team)).pair_name(0, 1)
        assert KEYS.judge(name) == (Judgement.VERIFIED, team)


def test_a_key_is_what_the_documented_derivation_gives() -> None:
    """By openssl: printf teamlanes-fmi:team1 | openssl dgst -sha256 -mac HMAC -macopt hexkey:6d6d...6d."""
    assert KEY.hex() == "2bcbd8168aba6949db6abb6f39cadee8aa4480026a62c7e7c4145db34503941c"


@pytest.mark.parametrize(
    ("name", "judgement"),
    [
        (Namespace("team1", "run-1", "fmi", OTHER).pair_name(0, 1), Judgement.FORGED),
        (Namespace("team1", "run-1", "fmi", MASTER).pair_name(0, 1), Judgement.FORGED),
        (Namespace("team1", "run-1", "fmi").pair_name(0, 1), Judgement.UNSIGNED),
        (Namespace("", "run-1", "fmi", KEY).pair_name(0, 1), Judgement.UNSIGNED),
        (Namespace("team1", "run-1", "fmi", KEY).pair_name(0, 1) + b"0", Judgement.UNSIGNED),
        (b"team1-" + b"0" * 32 + b"-" + b"0" * 32, Judgement.FORGED),
        (b"team1-", Judgement.UNSIGNED),
        (b"fmi_pair0_1", Judgement.UNSIGNED),
        (b"\xff\xfe", Judgement.UNSIGNED),
    ],
)
def test_a_wrong_or_missing_mac_is_refused(name: Any, judgement: Any) -> None:
    assert KEYS.judge(name)[0] is judgement


def test_old_clients_are_let_in_only_when_asked_for_and_never_under_a_signed_name() -> None:
    lenient = TeamKeys(MASTER, allow_open=True)
    assert lenient.judge(b"fmi_pair0_1")[0] is Judgement.OPEN
    assert lenient.judge(Namespace("team1", "run", "fmi", OTHER).pair_name(0, 1))[0] is Judgement.FORGED
    assert lenient.judge(Namespace("team1", "run", "fmi", KEY).pair_name(0, 1))[0] is Judgement.VERIFIED
    assert TeamKeys().judge(b"fmi_pair0_1")[0] is Judgement.OPEN


@given(st.text(max_size=200), st.integers(0, 4096), st.integers(0, 4096), st.sampled_from([b"", KEY]))
def test_both_ranks_make_the_same_name_and_it_fits(run: Any, rank: Any, peer: Any, key: Any) -> None:
    namespace = Namespace("team1", run.replace("\0", ""), "fmi", key)
    assert namespace.pair_name(rank, peer) == namespace.pair_name(peer, rank)
    assert 1 <= len(namespace.pair_name(rank, peer)) <= 99


@pytest.mark.parametrize("key", [b"", KEY])
def test_no_two_pairs_of_a_run_share_a_name(key: Any) -> None:
    short, long = (Namespace("team1", "run", comm, key) for comm in ("a", "a1"))
    assert short.pair_name(10, 11) != long.pair_name(0, 11)


def test_a_bare_world_never_meets_under_the_cpp_librarys_name() -> None:
    """A C++ rank would read our handshake as its data."""
    bare = Namespace(comm="fmi_pair")
    assert bare.cpp_name(3, 1) == b"fmi_pair1_3"
    assert bare.pair_name(3, 1) == b"//fmi_pair/1_3"


@pytest.mark.parametrize(
    "named", [Namespace("team1"), Namespace(run="run-1"), Namespace(key=OTHER), Namespace(comm="c" * 98)]
)
def test_only_a_bare_world_can_be_meant_by_cpp_ranks(named: Any) -> None:
    assert named.cpp_name(0, 1) == b""


@given(SLUGS, SLUGS, MASTERS, st.text(max_size=40), st.text(max_size=10))
def test_no_two_teams_share_a_name_and_no_key_opens_anothers(
    one: Any, other: Any, master: Any, run: Any, comm: Any
) -> None:
    mine = Namespace(one, run, comm, team_key(master, one)).pair_name(0, 1)
    assert TeamKeys(master).judge(mine) == (Judgement.VERIFIED, one)
    if one != other:
        assert mine != Namespace(other, run, comm, team_key(master, other)).pair_name(0, 1)
        stolen = Namespace(one, run, comm, team_key(master, other)).pair_name(0, 1)
        assert TeamKeys(master).judge(stolen)[0] is Judgement.FORGED
        renamed = other.encode() + mine[len(one) :]
        assert TeamKeys(master).judge(renamed)[0] is Judgement.FORGED


@given(SLUGS, MASTERS, MASTERS)
def test_keys_of_another_master_open_nothing(team: Any, master: Any, older: Any) -> None:
    name = Namespace(team, "run", "fmi", team_key(older, team)).pair_name(0, 1)
    expected = Judgement.VERIFIED if master == older else Judgement.FORGED
    assert TeamKeys(master).judge(name)[0] is expected


@given(st.binary(max_size=99))
def test_no_bytes_without_the_key_are_let_in(name: Any) -> None:
    assert KEYS.judge(name)[0] in {Judgement.UNSIGNED, Judgement.FORGED}


def test_a_key_is_never_printed() -> None:
    assert "mmmm" not in repr(KEYS)
    assert repr(KEY) not in repr(Namespace("team1", "run", "fmi", KEY))


@pytest.mark.parametrize("text", ["", "zz", "ab" * 31, "ab" * 33, "secret"])
def test_what_is_no_key_is_told_without_being_shown(text: Any) -> None:
    with pytest.raises(UsageError, match="FMI_MASTER_KEY does not hold 64 hex digits") as caught:
        master_of({"FMI_MASTER_KEY": text})
    assert not text or text not in str(caught.value)


def test_the_master_comes_from_the_environment() -> None:
    assert master_of({"FMI_MASTER_KEY": "6d" * 32 + "\n"}) == MASTER == read_key("6D" * 32, "it")
    assert master_of({}) == b""


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


def test_limits_fit_the_descriptors_of_the_process() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        assert Limits(connections=hard * 2).within_descriptors().connections == hard - 128
        assert Limits(connections=10).within_descriptors().connections == 10
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
