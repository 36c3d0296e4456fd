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
from shared.packages.wheels import _lines_for, _platforms

OTHER = "python3.14" if MACHINE != "python3.14" else "python3.13"


@pytest.fixture
def elsewhere(lane, project):
    """The lane and the project, set to a Python that is not this machine's."""
    return dataclasses.replace(lane, runtime=OTHER), dataclasses.replace(project, runtime=OTHER)


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
        sources = read_sources(lane, package_code(project, packaged=False))
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


def test_requirements_hold_for_the_python_of_the_function_not_of_the_machine(tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text(
        "# libraries\n--no-index\nsafetensors==0.8.0  # all\n\n"
        'numpy==2.5.5 ; python_version >= "3.12"\nnumpy==1.26.4 ; python_version < "3.12"\n'
    )
    assert list(_lines_for("3.14", path)) == ["--no-index", "safetensors==0.8.0", "numpy==2.5.5"]
    assert list(_lines_for("3.11", path)) == ["--no-index", "safetensors==0.8.0", "numpy==1.26.4"]
    path.write_text("numpy==\n")
    with pytest.raises(LanesError, match="this is no requirement"):
        list(_lines_for("3.14", path))


def test_wheels_may_ask_for_no_newer_linux_than_the_runtimes():
    assert _platforms("python3.11")[0] == "manylinux_2_26_x86_64"
    assert _platforms("python3.14")[0] == "manylinux_2_34_x86_64"
    assert {"manylinux_2_17_x86_64", "manylinux2014_x86_64"} <= set(_platforms("python3.11"))
