"""What a lane has run lately, by the answers of ListExecutions, and how many of these calls it takes."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from botocore.exceptions import ClientError

from shared.run.lately import read_lately

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


class States:
    """Executions by workflow: (name, status, hours ago), the newest first. A page holds *page* of them."""

    def __init__(self, runs, page=100):
        self.runs, self.page, self.calls = runs, page, []

    def list_executions(self, *, stateMachineArn, maxResults, statusFilter=None):
        self.calls.append((stateMachineArn, statusFilter))
        if stateMachineArn not in self.runs:
            raise ClientError({"Error": {"Code": "StateMachineDoesNotExist"}}, "ListExecutions")
        of = [each for each in self.runs[stateMachineArn] if statusFilter in (None, each[1])]
        size = min(maxResults, self.page)
        found = [
            {
                "name": name,
                "status": status,
                "startDate": NOW - timedelta(hours=hours),
                **({} if status == "RUNNING" else {"stopDate": NOW - timedelta(hours=hours) + timedelta(seconds=9)}),
            }
            for name, status, hours in of[:size]
        ]
        return {"executions": found, **({"nextToken": "more"} if len(of) > size else {})}

    def describe_state_machine(self, *, stateMachineArn):
        return self.list_executions(stateMachineArn=stateMachineArn, maxResults=1)


class Buckets:
    def __init__(self, names):
        self.names = names

    def head_bucket(self, *, Bucket, ExpectedBucketOwner):
        if Bucket not in self.names:
            raise ClientError({"Error": {"Code": "404"}}, "HeadBucket")
        return {}


def lately(states, buckets=(), **types):
    workflows = {key: SimpleNamespace(type=kind) for key, kind in types.items()}
    place = SimpleNamespace(account="123456789012")
    lane = SimpleNamespace(workflows=workflows, state_machine_arn=lambda key: key, bucket="data", place=place)
    return read_lately(SimpleNamespace(states=states, s3=Buckets(buckets)), lane, NOW)


def test_one_call_a_workflow_tells_all():
    runs = {"a": [("a2", "RUNNING", 0), ("a1", "FAILED", 1)], "b": [("b2", "TIMED_OUT", 2), ("b1", "FAILED", 30)]}
    states = States(runs)
    found = lately(states, a="standard", b="standard")
    assert [each.run_id for each in found.runs] == ["a2", "a1", "b2", "b1"]
    assert (found.running, found.failed, found.at_least) == (1, 2, False)
    assert [each.run_id for each in found.failing] == ["b2"]  # a goes on
    assert found.last is not None
    assert (found.last.run_id, found.last.seconds) == ("a2", None)
    assert len(states.calls) == 2


def test_a_workflow_that_is_not_deployed_is_told():
    found = lately(States({"a": []}), a="standard", b="standard", c="express")
    assert (found.deployed, found.absent, found.last) == (("a",), ("b", "c"), None)


def test_an_express_workflow_is_there_and_has_no_list():
    found = lately(States({"c": []}), c="express")
    assert (found.deployed, found.runs) == (("c",), ())


def test_past_one_page_the_running_ones_are_counted_by_their_status():
    runs = [("new", "SUCCEEDED", 1), ("old", "FAILED", 2), ("long", "RUNNING", 50)]
    states = States({"a": runs}, page=2)
    found = lately(states, a="standard")
    assert (found.running, found.failed) == (1, 1)
    assert found.at_least  # of the last 24 hours, some may not have been read
    assert states.calls == [("a", None), ("a", "RUNNING")]


def test_past_one_page_of_old_runs_the_numbers_are_exact():
    runs = [("new", "SUCCEEDED", 1), ("old", "FAILED", 25), ("older", "FAILED", 50)]
    found = lately(States({"a": runs}, page=2), a="standard")
    assert (found.failed, found.at_least) == (0, False)


def test_a_lane_without_a_machine_is_there_if_its_bucket_is():
    assert not lately(States({}), a="standard").begun
    assert lately(States({}), ["data"], a="standard").begun
    assert lately(States({}), ["data"]).begun
