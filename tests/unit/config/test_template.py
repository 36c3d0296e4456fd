"""Templates are filled with JSON's own types, and with nothing that is not known."""

import dataclasses

import pytest

from shared.config.problems import ConfigError
from shared.config.template import render_definition


@pytest.fixture
def lane(files):
    files.team("alpha", "workflows: {stars: {world_size: 7, deep: true}}\n")
    return files.load().lane("alpha")


def test_a_whole_placeholder_keeps_its_type_and_a_part_is_text(lane):
    state = render_definition(lane, "stars")["States"]["Count"]
    assert state["Resource"] == lane.function_arn("stars-count")
    assert state["Parameters"] == {
        "ranks": 7,
        "deep": True,
        "limit": None,
        "where": f"s3://{lane.bucket}/sky?n=7&deep=true",
        "self": [lane.state_machine_arn("stars"), lane.function_arn("stars-add-up")],
    }
    assert state["End"] is True


def test_the_bucket_is_the_lanes_whatever_a_parameter_says(files):
    files.edit(
        "statemachines/stars.yaml",
        "  deep:",
        "  bucket: {type: string, default: theirs, description: x}\n  deep:",
    )
    files.team("alpha", "workflows: {stars: {bucket: theirs}}\n")
    lane = files.load().lane("alpha")
    where = render_definition(lane, "stars")["States"]["Count"]["Parameters"]["where"]
    assert where.startswith(f"s3://{lane.bucket}/")


def test_a_value_that_looks_like_a_placeholder_is_left_alone(lane):
    workflow = lane.workflows["stars"]
    values = {**workflow.parameters, "prefix": "${bucket}"}
    odd = dataclasses.replace(lane, workflows={"stars": dataclasses.replace(workflow, parameters=values)})
    where = render_definition(odd, "stars")["States"]["Count"]["Parameters"]["where"]
    assert "/${bucket}?" in where


def test_an_unknown_placeholder_is_told_with_file_line_and_the_known(files, lane):
    files.edit("statemachines/stars.asl.json", "${world_size}", "${worldsize}")
    with pytest.raises(ConfigError) as caught:
        render_definition(lane, "stars")
    assert [str(problem) for problem in caught.value.problems] == [
        "statemachines/stars.asl.json:8: unknown placeholder ${worldsize} (did you mean 'world_size'?)",
        "statemachines/stars.asl.json:11: unknown placeholder ${worldsize} (did you mean 'world_size'?)",
    ]
