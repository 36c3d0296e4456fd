"""A lane's account: what is reserved, given back and granted, by whatever interleaving, and whoever is killed."""

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import LanesError
from shared.handlers.ledger.account import DONE, Ledger, LedgerBusy, refusal
from shared.handlers.ledger.prices import FEE
from tests.helpers.small_dynamodb import SmallDynamoDB
from tests.unit.handlers.ledger.conftest import TABLE, reservation

LANE = "tiny"
SUM = 10_000_000  # a cent


def balanced(account):
    return account.granted == account.available + account.kept + account.reserved + account.spent


def test_what_is_not_used_is_available_again(ledger):
    ledger.grant_file(LANE, SUM, "ann")
    made = reservation(reserved=3_000_000)
    assert ledger.reserve(LANE, made) == made
    assert ledger.account(LANE).reserved == 3_000_000
    assert ledger.settle(LANE, made, 1_000_000)
    account = ledger.account(LANE)
    assert (account.reserved, account.spent, account.available) == (0, 1_000_000, SUM - account.kept - 1_000_000)
    assert [each.used for each in ledger.reservations(LANE, DONE)] == [1_000_000]


def test_a_run_is_reserved_once_and_settled_once(ledger):
    ledger.grant_file(LANE, SUM, "ann")
    made = reservation()
    assert [ledger.reserve(LANE, made) for _ in range(2)] == [made, made]
    assert ledger.account(LANE).reserved == made.reserved
    assert [ledger.settle(LANE, made, 100) for _ in range(2)] == [True, False]
    assert ledger.account(LANE).spent == 100


def test_no_more_is_charged_than_was_reserved(ledger):
    ledger.grant_file(LANE, SUM, "ann")
    made = reservation(reserved=300)
    ledger.reserve(LANE, made)
    ledger.settle(LANE, made, 5_000)
    assert ledger.account(LANE).spent == 300


def test_too_much_is_refused_and_the_start_is_charged(ledger):
    ledger.grant_file(LANE, SUM, "ann")
    assert ledger.reserve(LANE, reservation(reserved=SUM)) is None
    ledger.charge_refusal(LANE)
    account = ledger.account(LANE)
    assert (account.spent, account.refused, account.reserved) == (FEE, 1, 0)
    assert balanced(account)
    assert refusal(account, SUM).startswith("this run may cost up to $0.01, and $0.008971 of the lane's $0.01 are left")


def test_a_lane_without_an_account_is_told_so(ledger):
    with pytest.raises(LanesError, match="no account"):
        ledger.reserve(LANE, reservation())
    with pytest.raises(LanesError, match="no account"):
        ledger.top_up(LANE, 1, "ann", "token")
    with pytest.raises(LanesError, match="no account"):
        ledger.charge_refusal(LANE)


CONFLICTS = [
    {"Error": {"Code": "TransactionConflictException"}},
    {"Error": {"Code": "ThrottlingException"}},
    *(
        {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": [{"Code": why}]}
        for why in ("TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded")
    ),
]


class Conflicting(SmallDynamoDB):
    """DynamoDB whose writes meet another's transaction: so many of them fail with *error*."""

    def __init__(self, error, times):
        super().__init__()
        self.error, self.times = error, times

    def transact_write_items(self, *, TransactItems):
        if self.times:
            self.times -= 1
            raise ClientError(self.error, "TransactWriteItems")
        super().transact_write_items(TransactItems=TransactItems)


@pytest.mark.parametrize("error", CONFLICTS, ids=str)
def test_a_write_that_meets_another_is_tried_again(error):
    client = Conflicting(error, times=0)
    ledger = Ledger(client, TABLE, sleep=lambda _: None)
    ledger.grant_file(LANE, SUM, "ann")
    client.times = 3
    ledger.charge_refusal(LANE)
    assert ledger.account(LANE).refused == 1
    client.times = 99
    with pytest.raises(LedgerBusy):
        ledger.charge_refusal(LANE)


def test_the_files_sum_and_top_ups_stay_beside_each_other(ledger):
    for amount in (SUM, SUM, 3 * SUM):
        ledger.grant_file(LANE, amount, "ann")
    assert [ledger.top_up(LANE, SUM, "bob", token) for token in ("one", "one", "two")] == [True, False, True]
    account = ledger.account(LANE)
    assert (account.granted, account.from_file) == (5 * SUM, 3 * SUM)
    assert balanced(account)
    told = [(each["by"], each["who"], each["amount"]) for each in ledger.grants(LANE)]
    assert sorted(told) == sorted(
        [("file", "ann", SUM), ("file", "ann", 3 * SUM), ("top-up", "bob", SUM), ("top-up", "bob", SUM)]
    )


def test_a_sum_that_is_lowered_below_what_is_spent_lets_nothing_start(ledger):
    ledger.grant_file(LANE, SUM, "ann")
    made = reservation(reserved=5_000_000)
    ledger.reserve(LANE, made)
    ledger.grant_file(LANE, 1_000_000, "ann")
    assert ledger.reserve(LANE, reservation("arn:other", 1)) is None
    assert balanced(ledger.account(LANE))


class Killed(Exception):
    """The process is gone."""


class Disturbed:
    """A client before whose calls others act, and whose caller is killed before or after one of them."""

    def __init__(self, client, others, killed_at, before):
        self._client, self._others, self._left, self._before = client, list(others), killed_at, before

    def __getattr__(self, name):
        method = getattr(self._client, name)
        if name not in {"get_item", "transact_write_items"}:
            return method

        def call(**arguments):
            if self._others:
                self._others.pop()()
            self._left -= 1
            if self._left == 0 and self._before:
                raise Killed
            answer = method(**arguments)
            if self._left == 0:
                raise Killed
            return answer

        return call


NUMBERS = st.integers(0, 3)
ACTS = st.one_of(
    st.tuples(st.just("reserve"), NUMBERS, st.integers(1, SUM // 2)),
    st.tuples(st.just("settle"), NUMBERS, st.integers(0, SUM)),
    st.tuples(st.just("refuse"), NUMBERS, st.just(0)),
    st.tuples(st.just("top_up"), NUMBERS, st.integers(1, SUM)),
    st.tuples(st.just("file"), NUMBERS, st.integers(SUM // 2, 2 * SUM)),
)


def act(ledger, lane, kind, number, amount):
    arn = f"arn:{number}"
    if kind == "reserve":
        ledger.reserve(lane, reservation(arn, amount))
    elif kind == "settle":
        for each in ledger.reservations(lane):
            if each.arn == arn:
                ledger.settle(lane, each, amount)
    elif kind == "refuse":
        ledger.charge_refusal(lane)
    elif kind == "top_up":
        ledger.top_up(lane, amount, "ann", arn)
    else:
        ledger.grant_file(lane, amount, "ann")


STEPS = st.lists(
    st.tuples(ACTS, st.lists(ACTS, max_size=2), st.integers(0, 3), st.booleans(), st.booleans()), max_size=10
)


@given(steps=STEPS)
@settings(max_examples=300)
def test_no_interleaving_and_no_kill_loses_or_makes_money(steps):
    client, lane = SmallDynamoDB(), LANE
    plain = Ledger(client, TABLE, sleep=lambda _: None)
    plain.grant_file(lane, SUM, "ann")
    for own, others, killed_at, before, again in steps:
        between = [lambda other=other: act(plain, lane, *other) for other in others]
        disturbed = Ledger(Disturbed(client, between, killed_at, before), TABLE, sleep=lambda _: None)
        try:
            act(disturbed, lane, *own)
        except Killed:
            if again and own[0] != "refuse":  # who was killed is tried again, as Step Functions does
                act(plain, lane, *own)
        account, done = plain.account(lane), plain.reservations(lane, DONE)
        assert balanced(account)
        assert account.reserved == sum(each.reserved for each in plain.reservations(lane))
        assert all(each.used <= each.reserved for each in done)
        topped = sum(int(each["amount"]) for each in plain.grants(lane) if each["by"] == "top-up")
        assert account.granted == account.from_file + topped
