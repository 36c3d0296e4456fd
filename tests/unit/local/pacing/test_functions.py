"""What Lambda gives an account's functions, in virtual time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.config.aws_facts import NEW_ENVIRONMENTS, Throttle
from shared.local.pacing.functions import FULL, RESERVED_TOO_FAST, TOO_FAST, Functions, Quotas, ThrottledError

ONE, OTHER = (f"arn:aws:lambda:us-east-1:123456789012:function:{team}-work" for team in ("team1", "team2"))
IDLE = 600.0
MANY = Quotas(concurrency=10_000)


class Account:
    """Functions, and a clock that a test moves."""

    def __init__(self, quotas=MANY):
        self.functions = Functions(quotas, IDLE)
        self.now = 0.0
        self.inside = []

    def enter(self, function=ONE, reserved=None, *, version="", waited_for=True):
        """Let an invocation begin; return "" or why it may not."""
        try:
            self.inside.append(
                self.functions.enter(function, function + version, reserved, self.now, waited_for=waited_for)
            )
        except ThrottledError as error:
            return error.reason
        return ""

    def enters(self, count, *given, **more):
        """Return how many of *count* invocations may begin."""
        return sum(not self.enter(*given, **more) for _ in range(count))

    def end_all(self):
        for entered in self.inside:
            self.functions.leave(entered, self.now)
        self.inside = []


def test_a_burst_gets_a_thousand_environments_at_once_and_a_hundred_a_second_after_that():
    account = Account()
    assert account.enters(3000) == 1000
    assert account.enter() == TOO_FAST
    for _ in range(20):
        account.now += 1
        assert account.enters(300) == 100


def test_each_function_gets_environments_of_its_own():
    account = Account()
    assert (account.enters(1500), account.enters(1500, OTHER)) == (1000, 1000)


def test_a_warm_environment_needs_no_new_one():
    account = Account()
    account.enters(1000)
    account.end_all()
    account.now = 0.5
    assert account.enters(2000) == 1000 + 50


def test_an_environment_that_was_idle_for_long_is_gone_and_one_of_another_version_serves_nobody_else():
    account = Account(Quotas(concurrency=10_000, environments=Throttle(10, 1, "", NEW_ENVIRONMENTS.read)))
    account.enters(10)
    account.end_all()
    assert account.enters(10, version=":1") == 0
    account.now += IDLE
    assert account.enters(20) == 10


def test_after_a_change_every_environment_is_new_also_of_invocations_that_ran_meanwhile():
    account = Account(Quotas(concurrency=10_000, environments=Throttle(10, 1, "", NEW_ENVIRONMENTS.read)))
    account.enters(10)
    account.functions.retire(ONE)
    account.end_all()
    assert account.enters(10) == 0
    account.now += 3
    assert account.enters(10) == 3


def test_the_account_runs_so_many_at_once_of_all_teams_together():
    account = Account(Quotas(concurrency=100))
    assert (account.enters(60, ONE), account.enters(60, OTHER)) == (60, 40)
    assert account.enter() == FULL
    account.end_all()
    assert account.enters(200) == 100


def test_what_functions_have_reserved_is_nobody_else_s():
    account = Account(Quotas(concurrency=100))
    account.functions.know(ONE, 30)
    assert (account.enters(200, OTHER), account.enters(30, ONE, 30)) == (70, 30)
    account.end_all()
    account.functions.forget(ONE)
    assert account.enters(200, OTHER) == 100


def test_ten_calls_a_second_for_each_unit_of_concurrency_but_any_number_of_events():
    account = Account()
    account.functions.know(ONE, 2)
    begun = 0
    for _ in range(40):
        begun += not account.enter(ONE, 2)
        account.end_all()
    assert begun == 20
    assert account.enter(ONE, 2) == RESERVED_TOO_FAST
    assert account.enter(ONE, 2, waited_for=False) == ""
    account.end_all()
    account.now += 0.5
    assert account.enters(20, ONE, 2) == 10


def test_the_numbers_are_aws_s():
    quotas = Quotas()
    assert (quotas.concurrency, quotas.calls) == (1000, 10)
    assert (quotas.environments.bucket, quotas.environments.refill) == (1000, 100)


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(0, 30), st.integers(0, 30), st.booleans()), max_size=40))
def test_never_more_at_once_than_the_account_runs_nor_more_environments_than_it_gives(steps):
    account = Account(Quotas(concurrency=50, environments=Throttle(20, 5, "", NEW_ENVIRONMENTS.read), calls=1000))
    most = 0
    for gap, come, go, changed in steps:
        account.now += gap
        for entered in account.inside[:go]:
            account.functions.leave(entered, account.now)
        del account.inside[:go]
        if changed:
            account.functions.retire(ONE)
        account.enters(come)
        most = max(most, len(account.inside) + len(account.functions.environments(ONE)))
        assert len(account.inside) <= 50
        if not any(each[3] for each in steps):  # else old ones go, and as many come again
            assert most <= 20 + 5 * account.now + 1e-6


@pytest.mark.parametrize("reserved", [0, 5])
def test_a_reservation_that_changes_counts_from_then_on(reserved):
    account = Account(Quotas(concurrency=10))
    account.functions.know(ONE, 8)
    account.functions.know(ONE, reserved)
    assert account.enters(20, OTHER) == 10 - reserved
