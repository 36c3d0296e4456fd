"""A run as a file of columns: its types, what it says of the run, and what it refuses."""

import hashlib
import json
import sys
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from shared.aws.target import embedded_target
from shared.config.load import load_project
from shared.errors import UsageError
from shared.measure.billing.finished_run import FinishedRun
from shared.measure.reports.run_parquet import METADATA, describe, write_run
from shared.run.gather import Outcome, Rank
from shared.run.start import Run
from tests.helpers.project import REPOSITORY

BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RANKS = (Rank(0, 300, 2.0, 210, 1769, 2501, 500.4, "request-0"), Rank(1, 100, None, None, None, None, None))


@pytest.fixture(scope="module")
def lane():
    return load_project(REPOSITORY, ["team2"]).lane("team2")


@pytest.fixture
def finished(lane):
    run = Run("r", "arn:r", lane, "cosmic")
    return FinishedRun(run, Outcome("SUCCEEDED", 4.0, RANKS, {}))


class Cloud:
    """The state machine, and functions of which one was changed after the run, and one may not be seen."""

    def __init__(self, lane):
        self.target = embedded_target(lane.place, "http://127.0.0.1:1")
        self.states = self.lambda_ = self
        self._changed = lane.functions[lane.workflows["cosmic"].functions["init"]].name
        self._hidden = lane.functions[lane.workflows["cosmic"].functions["summarize"]].name

    def describe_execution(self, executionArn):
        stopped = BEGAN + timedelta(seconds=4)
        return {"status": "SUCCEEDED", "startDate": BEGAN, "stopDate": stopped, "input": '{"world_size": 2}'}

    def describe_state_machine_for_execution(self, executionArn):
        return {"definition": "{}"}

    def get_function_configuration(self, FunctionName):
        if FunctionName == self._hidden:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetFunctionConfiguration")
        changed = BEGAN + timedelta(hours=1 if FunctionName == self._changed else -1)
        return {"CodeSha256": "digest=", "LastModified": changed.strftime("%Y-%m-%dT%H:%M:%S.000+0000")}


def test_its_columns_have_one_type_whatever_is_missing(lane, finished, tmp_path):
    write_run(Cloud(lane), finished, tmp_path / "run.parquet")
    table = pq.read_table(tmp_path / "run.parquet")
    assert table.schema.field("billed_ms").type == pa.int64()
    assert table.schema.field("seconds").type == pa.float64()
    assert table.schema.field("request_id").type == pa.string()
    rows = table.to_pylist()
    assert rows[0]["records_per_second"] == 150.0
    assert rows[1] == {
        **dict.fromkeys(table.column_names),
        "rank": 1,
        "records": 100,
        "attempts": 1,
        "redriven": 0,
        "request_id": "",
    }
    assert json.loads(table.schema.metadata[METADATA])["run_id"] == "r"


def test_it_says_what_the_run_was_and_no_digest_of_code_that_came_later(lane, finished):
    told = describe(Cloud(lane), finished, BEGAN)
    assert (told["execution"], told["team"], told["workflow"], told["status"]) == (
        "arn:r",
        "team2",
        "cosmic",
        "SUCCEEDED",
    )
    assert told["input"] == {"world_size": 2}
    assert (told["started"], told["stopped"]) == ("2026-01-02T03:04:05.000+00:00", "2026-01-02T03:04:09.000+00:00")
    assert told["digests"] == {
        "definition_sha256": hashlib.sha256(b"{}").hexdigest(),
        "code_sha256": {"init": None, "rendezvous-check": "digest=", "inference": "digest=", "summarize": None},
    }
    assert json.loads(json.dumps(told)) == told


def test_what_cannot_be_written_is_refused(lane, finished, tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="there is no folder"):
        write_run(Cloud(lane), finished, tmp_path / "none" / "run.parquet")
    empty = FinishedRun(finished.run, Outcome("SUCCEEDED", 4.0, (), {}))
    with pytest.raises(UsageError, match="has no ranks"):
        write_run(Cloud(lane), empty, tmp_path / "run.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # as if it were not installed
    with pytest.raises(UsageError, match="Parquet needs pyarrow") as told:
        write_run(Cloud(lane), finished, tmp_path / "run.parquet")
    assert told.value.fix == "pip install 'teamlanes[parquet]'"
