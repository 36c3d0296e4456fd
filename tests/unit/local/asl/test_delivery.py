"""Log delivery: it is no call of the account's, and an execution ends the same whether or not it can be written."""

import json

import pytest
from moto.core.base_backend import BackendDict
from moto.logs.models import logs_backends

from shared.disks import DiskError
from shared.local.asl.delivery import deliver_at_the_end

PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
ARN = "arn:aws:logs:us-east-1:123456789012:log-group:/x"
LOGGING = {"level": "ALL", "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": f"{ARN}:*"}}]}


@pytest.fixture
def backend():
    yield logs_backends["123456789012"]["us-east-1"]
    BackendDict.reset()


def delivered(world):
    execution = world.start(PASS, 1)
    deliver_at_the_end(execution, LOGGING)
    world.scheduler.run()
    assert execution.status == "SUCCEEDED"
    return execution


def test_events_are_written_within_the_process_and_not_by_calls(world, backend, monkeypatch):
    """Calls over HTTP would be the account's: one that paces refused the fiftieth new stream of a second."""
    monkeypatch.setattr(world.engine.services, "client", lambda *_: pytest.fail("it called"))
    backend.create_log_group("/x", {})
    execution = delivered(world)
    [(name, stream)] = backend.groups["/x"].streams.items()
    assert name == f"states/m/2023-11-14-22-13/{execution.identity.name}"
    told = [json.loads(event.message) for event in stream.events]
    assert [event["type"] for event in told] == [
        "ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"
    ]  # fmt: skip
    assert told[0] == {
        "id": "1",
        "type": "ExecutionStarted",
        "details": {"inputDetails": {"truncated": False}, "roleArn": "arn:aws:iam::123456789012:role/r"},
        "previous_event_id": "0",
        "event_timestamp": "1700000000000",
        "execution_arn": execution.arn,
        "redrive_count": "0",
    }


def test_events_of_a_group_that_is_not_there_are_dropped(world, backend):
    delivered(world)
    assert "/x" not in backend.groups


def test_a_full_disk_costs_lines_and_no_execution(world, backend, caplog):
    class Full(dict):
        def __getitem__(self, name):
            raise DiskError("the disk is full", where="logs.db", fix="free space there")

    backend.create_log_group("/x", {})
    backend.groups = Full(backend.groups)
    delivered(world)
    assert "log lines of executions are lost: logs.db: the disk is full; fix: free space there" in caplog.text
