"""Functions from container images: what changes them, and a lane that has one, deployed, changed and switched."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from shared.aws.client import connect_endpoint
from shared.config.lane import Image
from shared.deploy.apply import ApplyError
from shared.deploy.code import package_code
from shared.deploy.guard import OwnershipError, lane_tags
from shared.deploy.lane_deployment import destroy, prepare_lane
from shared.deploy.model import Call, Routine
from shared.deploy.pushed import find_images, make_repositories, pushed_images
from shared.deploy.resources import function, wanted_resources
from shared.deploy.sources import read_sources
from shared.deploy.watch import Watch
from shared.errors import LanesError
from shared.local.cloud import EmbeddedCloud
from shared.local.images import images_here
from tests.helpers.in_process import go_straight

ONE, TWO = (f"host/team2/cosmic-infer@sha256:{digit * 64}" for digit in "12")
SETTLED = Routine("await function", {"FunctionName": "team2-cosmic-infer-7078ea12"})


@pytest.fixture
def as_image(make_lane):
    """Return a function that gives a team's lane, with the functions called *steps* as images."""

    def make(*steps, team="team2", **changes):
        lane = make_lane(team)
        functions = dict(lane.functions)
        for key in (f"cosmic-{step}" for step in steps):
            image = Image(f"{team}/{key}-7078ea12", "example/python:3", (), libraries=False, entrypoint=())
            functions[key] = dataclasses.replace(functions[key], image=image, **changes)
        return dataclasses.replace(lane, functions=functions)

    return make


@pytest.fixture
def want(as_image):
    """Return a function that gives the function as it should be, running an image."""

    def make(image=ONE, **changes):
        lane = as_image("infer", **changes)
        return function.desired_image(lane, lane.functions["cosmic-infer"], image, lane_tags(lane))

    return make


def methods(step):
    return [call.method if isinstance(call, Call) else call.name for call in step.calls]


def found(resource, **changes):
    """The function as AWS would tell it."""
    properties = {key: value for key, value in resource.properties.items() if key != "image"}
    return dataclasses.replace(resource, properties={**properties, **changes})


def test_a_new_one_is_made_from_the_image_by_its_digest_with_all_that_the_lane_says(want):
    step = function.steps(want(), None)
    create = step.calls[0]
    assert methods(step) == ["create_function", "await function", "put_function_concurrency"]
    assert step.calls[1] == SETTLED
    assert create.params["PackageType"] == "Image"
    assert create.params["Code"] == {"ImageUri": ONE}
    assert create.params["Role"] == "arn:aws:iam::123456789012:role/team2-cosmic-infer-role-7078ea12"
    assert (create.params["MemorySize"], create.params["Timeout"]) == (512, 60)
    assert create.params["Environment"]["Variables"]["TEAM"] == "team2"
    assert create.params["Tags"]["managed-by"] == "teamlanes"
    assert not {"Handler", "Runtime"} & create.params.keys()
    assert f"image: {ONE}" in step.diff
    assert function.steps(want(reserved_concurrency=None), None).calls[1:] == (SETTLED,)


def test_one_that_is_as_it_should_be_is_left_alone(want):
    assert function.steps(want(), found(want())).action == "nothing"


class Lambda:
    """Tells of one function that runs an image."""

    def __init__(self, code, code_sha256):
        self.told = {
            "Configuration": {
                "FunctionArn": "arn",
                "Role": "role",
                "MemorySize": 512,
                "Timeout": 60,
                "PackageType": "Image",
                "CodeSha256": code_sha256,
            },
            **code,
        }

    def get_function(self, **_):
        return self.told

    def get_function_event_invoke_config(self, **_):
        raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetFunctionEventInvokeConfig")


@pytest.mark.parametrize(
    ("code", "told", "digest"),
    [
        ({"Code": {"ResolvedImageUri": ONE}}, "another", "1" * 64),
        ({"Code": {"ResolvedImageUri": "host/team2/cosmic-infer:latest"}}, "2" * 64, "2" * 64),
        ({"Code": {}}, "2" * 64, "2" * 64),
        ({}, "2" * 64, "2" * 64),
    ],
)
def test_the_digest_is_that_of_the_image_that_lambda_resolved_where_it_tells(code, told, digest):
    aws = SimpleNamespace(client=lambda _service: Lambda(code, told))
    assert function.current(aws, "f").properties["code_sha256"] == digest


CHANGES = {
    "digest": ({"code_sha256": "2" * 64}, ["update_function_code", "await function"]),
    "failed": ({"failed": "no such image"}, ["update_function_code", "await function"]),
    "memory": ({"memory_mb": 128}, ["update_function_configuration", "await function"]),
    "variables": ({"environment": {}}, ["update_function_configuration", "await function"]),
    "digest and role": (
        {"code_sha256": "2" * 64, "role": "another"},
        ["update_function_code", "await function", "update_function_configuration", "await function"],
    ),
    "reservation": ({"reserved_concurrency": None}, ["put_function_concurrency"]),
}


URI = "210987654321.dkr.ecr.us-east-1.amazonaws.com/science/base"


@pytest.fixture
def of_others(as_image):
    """Return a function that gives a lane with a function that runs an image of others."""

    def make(uri=f"{URI}:1"):
        lane = as_image("infer")
        infer = lane.functions["cosmic-infer"]
        infer = dataclasses.replace(infer, image=dataclasses.replace(infer.image, uri=uri))
        return dataclasses.replace(lane, functions={**lane.functions, "cosmic-infer": infer})

    return make


def test_an_image_of_others_is_told_which_handler_to_run(of_others, want):
    lane = of_others()
    infer = lane.functions["cosmic-infer"]
    theirs = function.desired_image(lane, infer, f"{URI}@sha256:{'1' * 64}", lane_tags(lane))
    assert function.steps(theirs, None).calls[0].params["ImageConfig"] == {"Command": [infer.handler]}
    (change, _) = function.steps(theirs, found(want())).calls
    assert change.params["ImageConfig"] == {"Command": [infer.handler]}
    (back, _) = function.steps(want(), found(theirs)).calls
    assert back.params["ImageConfig"] == {}
    assert "ImageConfig" not in function.steps(want(), None).calls[0].params


class Ecr:
    """Tells what a tag of another account's repository stands for."""

    def __init__(self, refuses=None):
        self.asked, self.refuses = [], refuses

    def describe_images(self, **asked):
        self.asked.append(asked)
        if self.refuses:
            raise ClientError({"Error": {"Code": self.refuses, "Message": "no"}}, "DescribeImages")
        return {"imageDetails": [{"imageDigest": f"sha256:{'3' * 64}"}]}


def test_an_image_of_others_runs_by_its_digest_looked_up_where_a_tag_is_given(of_others):
    ecr = Ecr()
    aws = SimpleNamespace(client=lambda _service: ecr)
    fixed = f"{URI}@sha256:{'4' * 64}"
    assert find_images(of_others(fixed), aws) == {"cosmic-infer": fixed}
    assert ecr.asked == []
    assert find_images(of_others(), aws) == {"cosmic-infer": f"{URI}@sha256:{'3' * 64}"}
    (asked,) = ecr.asked
    assert asked == {
        "registryId": "210987654321",
        "repositoryName": "science/base",
        "imageIds": [{"imageTag": "1"}],
    }


@pytest.mark.parametrize("code", ["RepositoryNotFoundException", "ImageNotFoundException", "AccessDeniedException"])
def test_an_image_of_others_that_cannot_be_looked_up_is_named(of_others, code):
    aws = SimpleNamespace(client=lambda _service: Ecr(code))
    with pytest.raises(LanesError, match=rf"there is no image {URI}:1 of cosmic-infer(.|\n)*by its digest"):
        pushed_images(of_others(), aws)


def test_the_embedded_cloud_refuses_an_image_that_only_others_can_make(of_others, project, cloud, tmp_path):
    lane = of_others()
    with pytest.raises(LanesError, match=r"the embedded cloud has no image of cosmic-infer(.|\n)*package: zip"):
        images_here(lane, package_code(project, lane), tmp_path, cloud, push=False)


def test_an_image_of_others_has_no_repository_and_no_package_of_ours(of_others, project):
    lane = of_others()
    packages = package_code(project, lane)
    sources = read_sources(lane, packages, {"cosmic-infer": ONE})
    assert not [each for each in wanted_resources(sources) if each.kind == "repository"]
    with zipfile.ZipFile(packages["cosmic"].path) as content:
        assert "shared/handlers/cosmic/infer.py" not in content.namelist()


@pytest.mark.parametrize("case", CHANGES)
def test_what_differs_is_changed_and_nothing_else(case, want):
    differs, calls = CHANGES[case]
    step = function.steps(want(), found(want(), **differs))
    assert (step.action, methods(step)) == ("update", calls)
    assert len(step.diff) >= len(differs)


def test_a_reservation_and_tags_are_put_right(want):
    have = dataclasses.replace(found(want()), tags={"team": "team2"})
    step = function.steps(want(reserved_concurrency=None), have)
    assert methods(step) == ["delete_function_concurrency", "tag_resource"]
    assert (
        step.calls[1].params["Resource"] == "arn:aws:lambda:us-east-1:123456789012:function:team2-cosmic-infer-7078ea12"
    )


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    from shared.config.lane import Place  # as conftest's PLACE, which cannot be imported

    place = Place("123456789012", "us-east-1", "dev")
    with EmbeddedCloud(place, tmp_path_factory.mktemp("cloud")) as cloud:
        yield go_straight(connect_endpoint(place, cloud.endpoint, cloud.key), cloud.application)


@pytest.fixture
def bring(project, cloud):
    """Return a function that deploys a lane with the images of its code, and returns the plan's changes."""

    def run(lane, *, push=True):
        made = images_here(lane, package_code(project, lane), project.root / "images", cloud, push=push)
        return (
            prepare_lane(lane, project, cloud, images=made).deploy().changes
            if push
            else prepare_lane(lane, project, cloud, images=made).plan()
        )

    return run


@pytest.fixture
def clean(cloud, as_image):
    """Nothing of the two teams before and after: moto's state is the whole process's, other tests' included."""

    def sweep():
        for team in ("team2", "team1"):
            destroy(as_image(team=team), cloud)

    sweep()
    yield
    sweep()


def invoke(cloud, name):
    answer = cloud.lambda_.invoke(FunctionName=name, Payload=b'{"a": 1}')
    return json.load(answer["Payload"])


@pytest.mark.usefixtures("clean")
def test_a_lane_with_an_image_is_deployed_runs_and_is_then_left_alone(as_image, bring, cloud, project):
    lane = as_image("infer")
    early = bring(lane, push=False)
    assert not find_images(lane, cloud)
    assert cloud.client("ecr").describe_repositories()["repositories"] == []
    done = bring(lane)
    assert {step.action for step in done} == {"create"}
    assert {step.name for step in early.changes} - {step.name for step in done} == {"team2/cosmic-infer-7078ea12"}
    name = lane.functions["cosmic-infer"].name
    configuration = cloud.lambda_.get_function(FunctionName=name)["Configuration"]
    assert configuration["PackageType"] == "Image"
    assert invoke(cloud, name) == {"a": 1}
    assert bring(lane) == ()

    handler = project.root / "shared/handlers/cosmic/infer.py"
    handler.write_text("def handler(event, context):\n    return 'changed'\n")
    changed = bring(lane)
    assert [(step.action, step.name.split("-")[2]) for step in changed] == [("update", "init"), ("update", "infer")]
    assert changed[1].diff[0].startswith("code_sha256: ")
    assert invoke(cloud, name) == "changed"
    assert bring(as_image("infer", memory_mb=256, reserved_concurrency=None))[0].diff == (
        "memory_mb: 512 -> 256",
        "reserved_concurrency: 8 -> none",
    )
    assert destroy(lane, cloud).changes
    assert cloud.client("ecr").describe_repositories()["repositories"] == []


@pytest.mark.usefixtures("clean")
def test_a_function_changes_its_package_by_being_made_anew_and_the_plan_says_so(as_image, bring, cloud):
    bring(as_image())
    name = "team2-cosmic-init-7078ea12"
    for lane, kind, words in (
        (as_image("init"), "Image", "package: zip -> image: deleted and made anew"),
        (as_image(), "Zip", "package: image -> zip: deleted and made anew"),
    ):
        (step,) = [step for step in bring(lane) if step.kind == "function"]
        assert (step.action, step.name) == ("replace", name)
        assert step.diff[0].startswith(words)
        assert cloud.lambda_.get_function_configuration(FunctionName=name)["PackageType"] == kind
        assert invoke(cloud, name) == {"a": 1}
        assert bring(lane) == ()


@pytest.mark.usefixtures("clean")
def test_images_that_are_not_pushed_are_all_named_before_anything_is_done(as_image, cloud, project):
    lane = as_image("init", "infer")
    with pytest.raises(LanesError) as caught:
        prepare_lane(lane, project, cloud).deploy()
    assert caught.value.what == "no image is pushed yet of cosmic-init, cosmic-infer; nothing was changed"
    assert "lanes images build team2" in caught.value.fix
    assert "lanes images push team2 --aws" in caught.value.fix
    assert cloud.logs.describe_log_groups()["logGroups"] == []


@pytest.mark.usefixtures("clean")
def test_what_is_pushed_as_latest_is_what_is_deployed(as_image, bring, cloud, project, tmp_path):
    lane = as_image("infer")
    made = images_here(lane, package_code(project, lane), tmp_path, cloud, push=True)
    repository = lane.functions["cosmic-infer"].image.repository
    ecr = cloud.client("ecr")
    digest = made["cosmic-infer"].partition("@")[2]
    (image,) = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageDigest": digest}])["images"]
    assert find_images(lane, cloud) == {}
    ecr.put_image(repositoryName=repository, imageManifest=image["imageManifest"], imageTag="latest")
    asked = []
    ecr.meta.events.register("before-call.ecr.DescribeImages", lambda **_: asked.append("latest"))
    prepare_lane(lane, project, cloud).deploy()
    assert len(asked) == 1, "what the tag stands for is read once, for the plan and for what is done"
    name = lane.functions["cosmic-infer"].name
    assert cloud.lambda_.get_function_configuration(FunctionName=name)["CodeSha256"] == digest.removeprefix("sha256:")

    handler = project.root / "shared/handlers/cosmic/infer.py"
    handler.write_text("def handler(event, context):\n    return 'newer'\n")
    assert [step.name for step in bring(lane)] == ["team2-cosmic-init-7078ea12"]  # what the user pushed stays
    assert invoke(cloud, name) == {"a": 1}


@pytest.mark.usefixtures("clean")
def test_another_teams_repository_is_refused_and_not_pushed_to(as_image, cloud, project, tmp_path):
    theirs = as_image("infer", team="team1")
    make_repositories(theirs, cloud)
    mine = as_image("infer")
    key = mine.functions["cosmic-infer"]
    taken = dataclasses.replace(key, image=theirs.functions["cosmic-infer"].image)
    greedy = dataclasses.replace(mine, functions={**mine.functions, "cosmic-infer": taken})
    with pytest.raises(OwnershipError, match="team1/cosmic-infer-7078ea12 belongs to team team1"):
        images_here(greedy, package_code(project, greedy), tmp_path, cloud, push=True)
    assert cloud.client("ecr").describe_images(repositoryName=taken.image.repository)["imageDetails"] == []
    with pytest.raises(OwnershipError, match="belongs to team team1"):
        prepare_lane(greedy, project, cloud, images={"cosmic-infer": ONE}).plan()


@pytest.mark.usefixtures("clean")
def test_an_image_that_is_not_there_stops_the_deploy_and_the_next_one_finishes_it(as_image, bring, cloud, project):
    lane = as_image("infer")
    waits = []
    gone = {"cosmic-infer": f"host/{lane.functions['cosmic-infer'].image.repository}@sha256:{'0' * 64}"}
    with pytest.raises(ApplyError, match=r"could not create function team2-cosmic-infer-7078ea12"):
        prepare_lane(lane, project, cloud, images=gone).deploy(Watch(sleep=waits.append))
    assert waits == []  # a value that stays wrong; only a role may be right in a moment
    assert [step.kind for step in bring(lane)] == ["function", "state machine"]
