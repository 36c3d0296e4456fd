"""What the gate's function does: it reserves, settles what has ended when too little is left, and refuses."""

import pytest
from botocore.exceptions import ClientError

from shared.handlers.ledger.account import DONE, Ledger, LedgerBusy
from shared.handlers.ledger.prices import FEE, GATE_CALL, TRANSITION
from shared.handlers.ledger.reserve import PrepaidRefused, asked, reserve
from shared.handlers.ledger.settle import MOST_CHILDREN, settle_ended, used_so_far
from tests.helpers.small_dynamodb import SmallDynamoDB
from tests.unit.handlers.ledger.conftest import reservation

LANE, SUM = "tiny", 10_000_000


class SmallStates:
    """Step Functions as far as settling asks it: statuses by execution, and children by parent.

    *late* are executions whose histories lack their ends yet; *throttled* names what is asked too often.
    """

    def __init__(self, statuses, children=(), late=(), throttled=""):
        self.statuses, self.children, self.asked = statuses, children, []
        self.late, self.throttled = late, throttled

    def describe_execution(self, *, executionArn):
        self.asked.append(executionArn)
        if executionArn not in self.statuses:
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist"}}, "DescribeExecution")
        return {"status": self.statuses[executionArn]}

    def get_paginator(self, name):
        return Pages(self, name)


class Pages:
    def __init__(self, states, name):
        self.states, self.name = states, name

    def paginate(self, **given):
        if self.name == self.states.throttled:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, self.name)
        if self.name == "get_execution_history":
            assert given["includeExecutionData"] is False
            entered = {"stateEnteredEventDetails": {"name": "Prepaid"}}
            yield {"events": [{"id": 1, "type": "TaskStateEntered", "timestamp": None, **entered}]}
            if given["executionArn"] not in self.states.late:
                yield {"events": [{"id": 2, "type": "ExecutionSucceeded", "timestamp": None, "previousEventId": 1}]}
        elif self.name == "list_map_runs":
            yield {"mapRuns": [{"mapRunArn": "arn:map"}] if self.states.children else []}
        else:
            yield {
                "executions": [
                    {"executionArn": f"arn:child{n}", "status": s} for n, s in enumerate(self.states.children)
                ]
            }


@pytest.fixture
def ledger():
    made = Ledger(SmallDynamoDB(), "table", sleep=lambda _: None)
    made.grant_file(LANE, SUM, "ann")
    return made


def event(name="one", fixed=1_000_000, item=1_000_000, asks=(2,)):
    return {
        "lane": LANE,
        "workflow": "work",
        "execution": f"arn:{name}",
        "started": f"2026-12-01T00:00:00Z {name}",
        "fixed": fixed,
        "item": item,
        "asked": list(asks),
        "default": 1,
        "calls": {"Step": [2.5, 90]},
    }


def test_it_reserves_by_the_items_that_are_asked_for(ledger):
    assert reserve(event(), ledger, SmallStates({})) == {"items": 2}
    assert ledger.account(LANE).reserved == 3_000_000
    assert reserve(event(asks=(5,)), ledger, SmallStates({})) == {"items": 2}  # tried again: what is reserved holds


def test_a_name_that_is_used_again_when_its_history_is_gone_reserves_again(ledger):
    reserve(event(), ledger, SmallStates({}))
    (earlier,) = ledger.reservations(LANE)
    later = event(asks=(1,)) | {"started": "2027-06-01T00:00:00Z"}
    assert reserve(later, ledger, SmallStates({})) == {"items": 1}
    have = ledger.account(LANE)
    assert (have.spent, have.reserved) == (3_000_000, 2_000_000)
    assert not ledger.settle(LANE, earlier, 0)  # who read the earlier one before does not give back the later
    assert settle_ended(ledger, SmallStates({"arn:one": "SUCCEEDED"}), LANE) == 1
    have = ledger.account(LANE)
    assert (have.spent, have.reserved) == (3_000_000 + GATE_CALL + TRANSITION, 0)


def test_too_much_is_refused_in_words_and_charged(ledger):
    with pytest.raises(PrepaidRefused, match="no number"):
        reserve(event(asks=("many",)), ledger, SmallStates({}))
    with pytest.raises(
        PrepaidRefused, match=r"up to \$1.00, and \$0.008971 of the lane's \$0.01 are left; lanes ledger tiny"
    ):
        reserve(event(asks=(999,)), ledger, SmallStates({}))
    assert ledger.account(LANE).spent == 2 * FEE


@pytest.mark.parametrize("many", [10**40, 1e300, "9" * 5_000])
def test_a_number_that_no_account_can_hold_is_refused_and_charged_as_any(ledger, many):
    with pytest.raises(PrepaidRefused, match="no number of items"):
        reserve(event(asks=(many,)), ledger, SmallStates({}))
    assert ledger.account(LANE).spent == FEE


def test_ended_runs_make_room_for_a_new_one_and_those_that_go_on_keep_theirs(ledger):
    states = SmallStates({"arn:a": "RUNNING", "arn:b": "ABORTED"})
    for name in ("a", "b"):
        reserve(event(name, fixed=4_000_000, item=0), ledger, states)
    assert reserve(event("c", fixed=4_000_000, item=0), ledger, states) == {"items": 2}
    assert [each.arn for each in ledger.reservations(LANE)] == ["arn:a", "arn:c"]
    assert [each.used for each in ledger.reservations(LANE, DONE)] == [GATE_CALL + TRANSITION]
    with pytest.raises(PrepaidRefused, match=r"\$0.008 are reserved for runs that go on"):
        reserve(event("d", fixed=4_000_000, item=0), ledger, SmallStates({"arn:a": "RUNNING", "arn:c": "RUNNING"}))


def test_settling_ends_when_there_is_enough(ledger):
    states = SmallStates(dict.fromkeys(("arn:a", "arn:b", "arn:c"), "SUCCEEDED"))
    for name in ("a", "b", "c"):
        reserve(event(name, fixed=3_000_000, item=0), ledger, states)
    reserve(event("d", fixed=2_000_000, item=0), ledger, states)
    assert states.asked == ["arn:a"]


def test_a_run_that_nobody_knows_any_more_is_charged_in_full(ledger):
    made = reservation(reserved=3_000_000)
    ledger.reserve(LANE, made)
    assert settle_ended(ledger, SmallStates({}), LANE) == 1
    assert ledger.account(LANE).spent == 3_000_000


def test_a_run_with_a_child_that_goes_on_waits():
    made = reservation()
    assert used_so_far(SmallStates({made.arn: "ABORTED"}, ["SUCCEEDED", "RUNNING"]), made) is None
    assert used_so_far(SmallStates({made.arn: "ABORTED"}, ["SUCCEEDED", "ABORTED"]), made) == GATE_CALL + 3 * TRANSITION


@pytest.mark.parametrize("late", ["arn:run", "arn:child1"])
def test_a_history_that_does_not_end_yet_gives_nothing_back(late):
    made = reservation()
    states = SmallStates({made.arn: "SUCCEEDED"}, ["SUCCEEDED", "SUCCEEDED"], late={late})
    assert used_so_far(states, made) is None


@pytest.mark.parametrize("asked", ["get_execution_history", "list_map_runs"])
def test_too_many_reads_at_once_are_no_refusal(ledger, asked):
    for name in ("a", "b"):
        reserve(event(name, fixed=4_000_000, item=0), ledger, SmallStates({}))
    states = SmallStates({"arn:a": "SUCCEEDED"}, throttled=asked)
    with pytest.raises(LedgerBusy, match="too busy"):
        reserve(event("c", fixed=4_000_000, item=0), ledger, states)
    assert ledger.account(LANE).refused == 0


def test_very_many_children_are_charged_as_the_most():
    made, many = reservation(), MOST_CHILDREN + 1
    used = used_so_far(SmallStates({made.arn: "SUCCEEDED"}, ["SUCCEEDED"] * many), made)
    assert used == GATE_CALL + TRANSITION + many * made.item


@pytest.mark.parametrize(
    ("given", "items"), [([], 7), ([None, ""], 7), ([4], 4), ([None, 5], 5), (["6"], 6), ([3.0], 3), ([0], 1)]
)
def test_how_many_items_an_input_asks_for(given, items):
    assert asked(given, 7) == items


@pytest.mark.parametrize("given", ["many", "-1", -1, 2.5, True, [4], {"a": 1}])
def test_what_is_no_number_is_refused(given):
    with pytest.raises(PrepaidRefused, match="is no number of items"):
        asked([given], 7)
