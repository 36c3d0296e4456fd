"""A list of many executions is read page by page, and no further than somebody looks."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from shared.run.run_list import RunList

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)


class Machines:
    """Step Functions as far as it lists: executions by machine, oldest first, as (name, status, second)."""

    def __init__(self, **machines):
        self.machines = {key: list(found) for key, found in machines.items()}
        self.calls = []

    def list_executions(self, stateMachineArn, maxResults, statusFilter=None, nextToken="0:0"):
        self.calls.append((stateMachineArn, maxResults))
        if stateMachineArn not in self.machines:
            raise ClientError({"Error": {"Code": "StateMachineDoesNotExist"}}, "ListExecutions")
        begin, size = map(int, nextToken.split(":"))
        assert size in {0, maxResults}, "a token is followed with the size that it was made with"
        found = [each for each in reversed(self.machines[stateMachineArn]) if statusFilter in {None, each[1]}]
        page = found[begin : begin + maxResults]
        answer = {"executions": [told(*each) for each in page]}
        if begin + maxResults < len(found):
            answer["nextToken"] = f"{begin + maxResults}:{maxResults}"
        return answer


def told(name, status, second):
    started = BEGIN + timedelta(seconds=second)
    stopped = {} if status == "RUNNING" else {"stopDate": started + timedelta(seconds=3)}
    return {"name": name, "status": status, "startDate": started, **stopped}


def done(count, prefix="run", step=1):
    return [(f"{prefix}-{number}", "SUCCEEDED", number * step) for number in range(count)]


def lister(machines, **more):
    workflows = {key: SimpleNamespace(type="standard") for key in machines.machines}
    lane = SimpleNamespace(workflows=workflows, state_machine_arn=lambda key: key)
    return RunList(SimpleNamespace(states=machines), lane, **more)


def names(looked):
    return [each.run_id for each in looked.found]


def test_a_page_of_many_takes_one_call():
    machines = Machines(flow=done(10_000))
    looked = lister(machines).look(50)
    assert names(looked)[:2] == ["run-9999", "run-9998"]
    assert (len(looked.found), looked.seen, looked.whole) == (50, 1000, False)
    assert machines.calls == [("flow", 1000)]


def test_what_was_read_is_kept():
    machines = Machines(flow=done(3500))
    runs = lister(machines)
    assert names(runs.look(2500))[-1] == "run-1000"
    assert len(machines.calls) == 3
    runs.look(2500)
    assert len(machines.calls) == 3
    assert runs.look(9999).whole
    assert len(machines.calls) == 4


def test_a_look_for_few_says_how_far_it_went_and_goes_on_when_it_may():
    machines = Machines(flow=done(5000))
    runs = lister(machines)

    def old(run):
        return run.run_id == "run-17"

    first = runs.look(50, old)
    assert (first.found, first.seen, first.whole) == ((), 1000, False)
    assert first.until == BEGIN + timedelta(seconds=4000)
    assert runs.look(50, old, least=3000).seen == 3000
    last = runs.look(50, old, least=9000)
    assert (names(last), last.seen, last.whole) == (["run-17"], 5000, True)


def test_machines_are_merged_by_time_as_far_as_all_were_read():
    machines = Machines(often=done(3000, "often"), seldom=done(30, "seldom", step=100))
    runs = lister(machines)
    looked = runs.look(1020)
    assert looked.found == tuple(sorted(looked.found, key=lambda run: run.started, reverse=True))
    assert machines.calls == [("often", 1000), ("seldom", 1000), ("often", 1000)]
    assert runs.look(4000).seen == 3030


def test_a_status_is_asked_of_the_cloud():
    failed = [("bad-1", "FAILED", 5), ("bad-2", "FAILED", 7000)]
    machines = Machines(flow=sorted([*done(9000), *failed], key=lambda each: each[2]))
    looked = lister(machines, statuses=["FAILED"]).look(50)
    assert (names(looked), looked.whole, len(machines.calls)) == (["bad-2", "bad-1"], True, 1)


def test_what_is_not_deployed_has_no_runs():
    machines = Machines(flow=done(2), gone=[])
    del machines.machines["gone"]
    machines.machines = {"flow": machines.machines["flow"]}
    runs = lister(machines, workflows=["flow", "gone"])
    assert names(runs.look(50)) == ["run-1", "run-0"]


def test_a_refresh_shows_what_is_new_and_what_has_ended():
    machines = Machines(flow=[*done(2000), ("last", "RUNNING", 2000)])
    runs = lister(machines)
    runs.look(1500)
    machines.machines["flow"][-1] = ("last", "FAILED", 2000)
    machines.machines["flow"].append(("next", "RUNNING", 2001))
    machines.calls.clear()
    runs.refresh()
    assert machines.calls == [("flow", 100)]
    looked = runs.look(3)
    assert [(each.run_id, each.status) for each in looked.found] == [
        ("next", "RUNNING"), ("last", "FAILED"), ("run-1999", "SUCCEEDED")
    ]  # fmt: skip
    assert runs.look(1500).seen == 2001  # what lies below was kept


def test_a_refresh_reaches_down_to_the_oldest_that_ran():
    flow = done(600)
    flow[300] = ("run-300", "RUNNING", 300)
    machines = Machines(flow=flow)
    runs = lister(machines)
    runs.look(10)
    machines.machines["flow"][300] = ("run-300", "ABORTED", 300)
    runs.refresh()
    assert [each.status for each in runs.look(600).found if each.run_id == "run-300"] == ["ABORTED"]
    assert machines.calls[-1] == ("flow", 399)


def test_a_list_begins_anew_where_a_refresh_meets_nothing_known():
    machines = Machines(flow=done(5000))
    runs = lister(machines)
    runs.look(10)
    machines.machines["flow"] += [(f"new-{number}", "SUCCEEDED", 6000 + number) for number in range(700)]
    runs.refresh()
    looked = runs.look(705)
    assert names(looked)[0] == "new-699"
    assert names(looked)[699:702] == ["new-0", "run-4999", "run-4998"]


@pytest.mark.parametrize("left", [0, 3])
def test_what_left_a_short_list_is_not_shown(left):
    machines = Machines(flow=[(f"run-{number}", "RUNNING", number) for number in range(5)])
    runs = lister(machines, statuses=["RUNNING"])
    assert len(runs.look(50).found) == 5
    machines.machines["flow"] = machines.machines["flow"][:left]
    runs.refresh()
    assert len(runs.look(50).found) == left


def test_a_refresh_loses_none_of_those_that_began_at_the_same_moment():
    machines = Machines(flow=[(f"run-{number}", "SUCCEEDED", 5 - number % 2) for number in range(300)])
    runs = lister(machines)
    runs.look(10)
    runs.refresh()
    assert len(names(runs.look(300))) == 300


def test_several_statuses_are_merged():
    machines = Machines(flow=[("a", "FAILED", 1), ("b", "SUCCEEDED", 2), ("c", "ABORTED", 3), ("d", "TIMED_OUT", 4)])
    looked = lister(machines, statuses=["FAILED", "TIMED_OUT", "ABORTED"]).look(50)
    assert names(looked) == ["d", "c", "a"]
