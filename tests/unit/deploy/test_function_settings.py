"""What a card says of where its functions run: each setting made, changed, taken away, and seen where it drifts."""

from __future__ import annotations

import dataclasses
import io
import zipfile

import pytest

from shared.config.lane import Image
from shared.config.resources import Asynchronous, Vpc
from shared.deploy import asynchronous
from shared.deploy.chalice.foundation import check_foundation
from shared.deploy.lane_deployment import destroy, prepare_lane
from shared.deploy.model import Call
from shared.deploy.resources import function
from shared.errors import LanesError

INIT, INFER = "cosmic-init", "cosmic-infer"
ACCOUNT = "123456789012"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:team2-done-7078ea12"
VPC = Vpc(("subnet-1b", "subnet-1a"), ("sg-1",))
OTHER = "python3.13"


@pytest.fixture
def with_settings(make_lane):
    """Return a function that gives a lane, its functions changed by their keys."""

    def make(**changes):
        lane = make_lane()
        functions = dict(lane.functions)
        for key, settings in changes.items():
            functions[f"cosmic-{key}"] = dataclasses.replace(functions[f"cosmic-{key}"], **settings)
        return dataclasses.replace(lane, functions=functions)

    return make


@pytest.fixture
def layer(aws):
    """Return a function that publishes a layer and gives its version's ARN."""

    def publish(name):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(f"python/{name}.py", "")
        made = aws.lambda_.publish_layer_version(LayerName=name, Content={"ZipFile": buffer.getvalue()})
        return made["LayerVersionArn"]

    return publish


def deploy(lane, project, aws):
    """Deploy *lane*, see that nothing is left to do, and return what was done to the function init."""
    done = prepare_lane(lane, project, aws, images={}).deploy()
    assert prepare_lane(lane, project, aws, images={}).plan().changes == ()
    return next((step for step in done.changes if step.name == lane.functions[INIT].name), None)


def told(aws, lane, key=INIT):
    return aws.lambda_.get_function_configuration(FunctionName=lane.functions[key].name)


def methods(step):
    return [call.method if isinstance(call, Call) else call.name for call in step.calls]


def test_everything_at_once_is_made_read_back_changed_and_taken_away(aws, project, with_settings, layer):
    aws.client("sqs").create_queue(QueueName=QUEUE.rpartition(":")[2])
    layers = (layer("one"), layer("two"))
    full = {
        "architecture": "arm64",
        "ephemeral_mb": 2048,
        "layers": layers,
        "vpc": VPC,
        "runtime": OTHER,
        "asynchronous": Asynchronous(0, 300, None, QUEUE),
    }
    lane = with_settings(init=full)
    step = deploy(lane, project, aws)
    assert step.action == "create"
    assert {"architecture: arm64", "ephemeral_mb: 2048", f"runtime: {OTHER}"} <= set(step.diff)
    found = told(aws, lane)
    assert found["Architectures"] == ["arm64"]
    assert found["EphemeralStorage"] == {"Size": 2048}
    assert [each["Arn"] for each in found["Layers"]] == list(layers)
    assert sorted(found["VpcConfig"]["SubnetIds"]) == ["subnet-1a", "subnet-1b"]
    assert found["VpcConfig"]["SecurityGroupIds"] == ["sg-1"]
    assert found["Runtime"] == OTHER
    config = aws.lambda_.get_function_event_invoke_config(FunctionName=lane.functions[INIT].name)
    assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (0, 300)
    assert config["DestinationConfig"] == {"OnFailure": {"Destination": QUEUE}}

    changed = {**full, "ephemeral_mb": 1024, "layers": layers[::-1], "asynchronous": Asynchronous(1, 300, QUEUE)}
    lane = with_settings(init={**changed, "architecture": "x86_64", "vpc": Vpc(("subnet-2",), ("sg-1",))})
    step = deploy(lane, project, aws)
    assert "layers: reordered" in step.diff
    assert "architecture: arm64 -> x86_64" in step.diff
    assert methods(step) == [
        *("chalice deploy", "update_function_configuration", "await function", "put_function_event_invoke_config"),
    ]
    found = told(aws, lane)
    assert (found["Architectures"], found["EphemeralStorage"]) == (["x86_64"], {"Size": 1024})
    assert [each["Arn"] for each in found["Layers"]] == list(layers[::-1])
    assert found["VpcConfig"]["SubnetIds"] == ["subnet-2"]

    lane = with_settings()
    step = deploy(lane, project, aws)
    assert methods(step)[-1] == "delete_function_event_invoke_config"
    found = told(aws, lane)
    assert found["Layers"] == []
    assert found["VpcConfig"]["SubnetIds"] == []
    assert found["EphemeralStorage"] == {"Size": 512}
    assert asynchronous.found(aws, lane.functions[INIT].name) is None

    destroy(lane, aws)
    assert aws.lambda_.list_functions()["Functions"] == []


@pytest.mark.parametrize(
    ("settings", "calls"),
    [
        ({"ephemeral_mb": 600}, ["update_function_configuration", "await function"]),
        ({"asynchronous": Asynchronous()}, ["put_function_event_invoke_config"]),
        ({"architecture": "arm64"}, ["chalice deploy"]),
        ({"vpc": VPC}, ["chalice deploy"]),
        ({"runtime": OTHER}, ["chalice deploy"]),
    ],
)
def test_what_differs_is_changed_and_code_is_not_sent_for_it_where_it_need_not(
    aws, project, with_settings, settings, calls
):
    deploy(with_settings(), project, aws)
    assert methods(deploy(with_settings(init=settings), project, aws)) == calls


def test_another_handler_is_set_after_chalice_which_leaves_it(aws, project, with_settings):
    deploy(with_settings(), project, aws)
    lane = with_settings(init={"handler": "shared.handlers.cosmic.infer.handler"})
    assert methods(deploy(lane, project, aws))[-2:] == ["update_function_configuration", "await function"]
    assert told(aws, lane)["Handler"] == "shared.handlers.cosmic.infer.handler"


def test_what_somebody_changed_by_hand_is_put_right(aws, project, with_settings):
    lane = with_settings(init={"asynchronous": Asynchronous(1)})
    deploy(lane, project, aws)
    name, other = (lane.functions[key].name for key in (INIT, INFER))
    aws.lambda_.update_function_configuration(FunctionName=name, EphemeralStorage={"Size": 4096})
    aws.lambda_.put_function_event_invoke_config(FunctionName=name, MaximumEventAgeInSeconds=60)
    aws.lambda_.put_function_event_invoke_config(FunctionName=other, MaximumRetryAttempts=0)
    steps = {step.name: step for step in prepare_lane(lane, project, aws, images={}).plan().changes}
    assert set(steps[name].diff) == {
        "ephemeral_mb: 4096 -> 512",
        "asynchronous.retries: none -> 1",
        "asynchronous.max_age_seconds: 60 -> 21600",
    }
    assert methods(steps[other]) == ["delete_function_event_invoke_config"]
    deploy(lane, project, aws)


def test_a_function_is_made_after_those_that_get_its_records(aws, project, with_settings):
    lane = with_settings()
    lane = with_settings(init={"asynchronous": Asynchronous(on_success=lane.function_arn(INFER))})
    deploy(lane, project, aws)
    config = aws.lambda_.get_function_event_invoke_config(FunctionName=lane.functions[INIT].name)
    assert config["DestinationConfig"]["OnSuccess"]["Destination"] == lane.function_arn(INFER)


def test_functions_that_are_images_get_them_in_their_own_calls(with_settings):
    image = Image("team2/cosmic-init-7078ea12", "example/python:3", (), libraries=False, entrypoint=())
    uri = f"host/team2/cosmic-init@sha256:{'1' * 64}"

    def want(**settings):
        lane = with_settings(init={"image": image, **settings})
        return function.desired_image(lane, lane.functions[INIT], uri, {})

    def found(**settings):
        resource = want(**settings)
        kept = {key: value for key, value in resource.properties.items() if key != "image"}
        return dataclasses.replace(resource, properties=kept)

    full = {"architecture": "arm64", "ephemeral_mb": 1024, "vpc": VPC, "asynchronous": Asynchronous(1, 60, QUEUE)}
    made = function.steps(want(**full), None).calls
    assert methods(function.steps(want(**full), None)) == [
        *("create_function", "await function", "put_function_event_invoke_config"),
    ]
    assert made[0].params["Architectures"] == ["arm64"]
    assert made[0].params["EphemeralStorage"] == {"Size": 1024}
    assert made[0].params["VpcConfig"] == {"SubnetIds": ["subnet-1a", "subnet-1b"], "SecurityGroupIds": ["sg-1"]}
    assert made[2].params["DestinationConfig"] == {"OnSuccess": {"Destination": QUEUE}}
    step = function.steps(want(), found(**full))
    assert methods(step) == [
        *("update_function_code", "await function", "update_function_configuration", "await function"),
        "delete_function_event_invoke_config",
    ]
    assert step.calls[0].params["Architectures"] == ["x86_64"]
    assert step.calls[2].params["VpcConfig"] == {"SubnetIds": [], "SecurityGroupIds": []}
    assert function.steps(want(**full), found(**full)).action == "nothing"


@pytest.mark.parametrize("settings", [{"ephemeral_mb": 600}, {"asynchronous": Asynchronous()}])
def test_chalice_alone_is_refused_where_it_cannot_make_what_the_card_says(aws, project, with_settings, settings):
    deploy(with_settings(), project, aws)
    lane = with_settings(init=settings)
    (key,) = settings
    with pytest.raises(LanesError, match=f"(?s)team2-cosmic-init-7078ea12: {key}.*lanes deploy team2"):
        check_foundation(lane, aws)
    deploy(lane, project, aws)
    check_foundation(lane, aws)


def test_chalice_alone_may_carry_what_its_model_has_a_place_for(aws, project, with_settings):
    deploy(with_settings(), project, aws)
    check_foundation(with_settings(init={"architecture": "arm64", "vpc": VPC, "runtime": OTHER}), aws)
