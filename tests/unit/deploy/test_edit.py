"""A deployment of an edit: only what is wanted otherwise than before is read and changed."""

import dataclasses

import pytest
from chalice.awsclient import TypedAWSClient

from shared.deploy.guard import OwnershipError
from shared.deploy.lane_deployment import prepare_lane
from shared.deploy.plan import plan_edit


@pytest.fixture
def deployed(lane, project, aws):
    """What was wanted, and is deployed."""
    deployment = prepare_lane(lane, project, aws)
    deployment.deploy()
    return deployment.wanted()


@pytest.fixture
def edited(project):
    handlers = project.root / "shared/handlers/cosmic"
    (handlers / "init.py").write_text("def handler(event, context):\n    return 2\n")


def told(todo):
    return [(step.action, step.kind) for step in todo.steps]


def test_without_an_edit_nothing_is_read(lane, project, aws, deployed):
    called = []
    aws.session.events.register("before-call", lambda model, **_: called.append(model.name))
    assert plan_edit(lane, deployed, deployed, aws).steps == ()
    assert called == []


def test_new_code_is_the_functions_alone(lane, project, aws, deployed, edited):
    deployment = prepare_lane(lane, project, aws)
    todo = plan_edit(lane, deployment.wanted(), deployed, aws)
    assert told(todo) == [("update", "function")] * 2
    assert todo.changes == deployment.plan().changes
    deployment.carry_out(todo)
    assert deployment.plan().changes == ()


def test_chalices_client_is_made_once_for_all_functions(lane, project, aws, deployed, edited, monkeypatch):
    made = []
    make = TypedAWSClient.__init__
    monkeypatch.setattr(TypedAWSClient, "__init__", lambda *given: (made.append(1), make(*given))[1])
    assert len(prepare_lane(lane, project, aws).deploy().changes) == 2
    assert made == [1]


def test_where_nothing_is_deployed_yet_the_plan_is_whole(lane, project, aws, deployed):
    whole = prepare_lane(lane, project, aws).plan()
    assert told(plan_edit(lane, deployed, (), aws)) == told(whole)


def test_where_a_resource_goes_the_plan_is_whole_and_removes_it(lane, project, aws, deployed):
    functions = {key: each for key, each in lane.functions.items() if key != "cosmic-infer"}
    less = dataclasses.replace(lane, functions=functions)
    wanted = tuple(each for each in deployed if each.name != lane.functions["cosmic-infer"].name)
    assert ("delete", "function") in told(plan_edit(less, wanted, deployed, aws))


def test_what_belongs_to_another_by_now_is_refused(lane, project, aws, deployed, edited):
    name = lane.functions["cosmic-init"].name
    arn = aws.lambda_.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    aws.lambda_.tag_resource(Resource=arn, Tags={"team": "another"})
    wanted = prepare_lane(lane, project, aws).wanted()
    with pytest.raises(OwnershipError, match="another"):
        plan_edit(lane, wanted, deployed, aws)
