"""What an earlier run tells of the next one."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from shared.run.earlier import last_success, records_of
from shared.run.find import Found


@pytest.mark.parametrize(
    ("output", "records"),
    [('{"records": 7}', 7), ('{"records": true}', None), ('{"records": 0}', None), ("[7]", None), (None, None)],
)
def test_records_are_those_that_the_output_counts(run, started, output, records):
    assert records_of(Found(run, "SUCCEEDED", started, started, "{}", output)) == records


def test_an_express_workflow_has_no_earlier_run(lane):
    express = replace(lane, workflows={"w": replace(lane.workflows["w"], type="express")})
    assert last_success(SimpleNamespace(), express, "w") is None
