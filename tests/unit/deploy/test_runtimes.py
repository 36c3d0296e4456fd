"""What a function runs on: set for the project, not by the machine that deploys, and refused when its end has come."""

import dataclasses
from datetime import date

import pytest

from shared.config.runtimes import MACHINE
from shared.deploy.code import package_code
from shared.deploy.lane_deployment import prepare_lane
from shared.deploy.plan import plan_changes
from shared.deploy.resources import wanted_resources
from shared.deploy.sources import read_sources
from shared.errors import LanesError

OTHER = "python3.14" if MACHINE != "python3.14" else "python3.13"


@pytest.fixture
def elsewhere(lane, project):
    """The lane and the project, set to a Python that is not this machine's."""
    functions = {key: dataclasses.replace(each, runtime=OTHER) for key, each in lane.functions.items()}
    return dataclasses.replace(lane, runtime=OTHER, functions=functions), project


def test_functions_have_the_runtime_of_the_settings_whatever_python_deploys_them(elsewhere, aws):
    lane, project = elsewhere
    prepare_lane(lane, project, aws).deploy()
    found = [aws.lambda_.get_function_configuration(FunctionName=each.name) for each in lane.functions.values()]
    assert {each["Runtime"] for each in found} == {OTHER}
    assert prepare_lane(lane, project, aws).plan().changes == ()


def test_another_runtime_is_a_change_of_the_functions_alone(lane, project, elsewhere, aws):
    prepare_lane(lane, project, aws).deploy()
    todo = prepare_lane(*elsewhere, aws).deploy()
    assert [step.diff for step in todo.changes] == [(f"runtime: {MACHINE} -> {OTHER}",)] * 2
    assert prepare_lane(*elsewhere, aws).plan().changes == ()


@pytest.fixture
def planned(lane, project, aws):
    """Return a maker of plans on a day."""

    def make(today, lane=lane):
        sources = read_sources(lane, package_code(project, lane))
        return plan_changes(lane, wanted_resources(sources), aws, today)

    return make


def test_a_runtime_at_its_end_is_refused_before_the_first_step(planned, aws):
    with pytest.raises(LanesError, match=rf"Lambda makes no {MACHINE} functions since (.|\n)*team2-cosmic-init"):
        planned(date(2040, 1, 1))
    assert aws.lambda_.list_functions()["Functions"] == []


def test_a_function_that_stays_as_it_is_is_left_alone_at_the_end_of_its_runtime(lane, project, planned, aws):
    prepare_lane(lane, project, aws).deploy()
    assert planned(date(2040, 1, 1)).changes == ()
    more = {key: dataclasses.replace(each, memory_mb=640) for key, each in lane.functions.items()}
    with pytest.raises(LanesError, match=f"Lambda changes no {MACHINE} functions since"):
        planned(date(2040, 1, 1), dataclasses.replace(lane, functions=more))
