"""What a rehearsal on the embedded cloud does by itself: by which cloud it is, and by what is to change."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from moto.core.base_backend import BackendDict

from shared.aws.access_key import AccessKey
from shared.aws.client import connect_endpoint
from shared.cli import console
from shared.config.lane import Place
from shared.config.runtimes import MACHINE, machine_architecture
from shared.deploy.model import Plan, Step
from shared.deploy.watch import UNWATCHED
from shared.errors import UsageError
from shared.local.cloud import EmbeddedCloud
from shared.local.state import Running, State
from shared.packages.target import Target
from shared.run.clouds import Cloud, Rehearsal

PLACE = Place("123456789012", "us-east-1", "dev")
KEY = AccessKey("AKIAEXAMPLE", "example")
HERE, ELSEWHERE = "http://127.0.0.1:9", "http://127.0.0.1:10"
MEETING = "rendezvous.uva-ds5110.com:10000"
BRIEF = "this embedded cloud began empty and ends with the command; lanes up keeps one\n"


@pytest.fixture
def state(tmp_path):
    """The files of a project where no cloud runs."""
    state = State(tmp_path / ".lanes")
    yield state
    state.lock.release()


@pytest.fixture
def rehearsal(project, state):
    """Return a function that gives a rehearsal at HERE, while *lanes up* keeps a cloud at an endpoint, if it does."""

    def make(kept=None):
        if kept:
            state.lock.acquire()
            state.write(Running(kept, 1, PLACE.account, PLACE.region, "", any_key=False, key=KEY))
        return Rehearsal(project, connect_endpoint(PLACE, HERE, KEY), state, console.note)

    return make


@pytest.mark.parametrize(
    ("kept", "outlives", "said"), [(None, False, BRIEF), (HERE, True, ""), (ELSEWHERE, False, BRIEF)]
)
def test_only_the_cloud_that_lanes_up_keeps_outlives_the_command(rehearsal, capsys, kept, outlives, said):
    cloud = rehearsal(kept)
    cloud.warn_if_brief()
    assert cloud.outlives_command == outlives
    assert capsys.readouterr().err == said


def test_a_package_is_made_for_what_runs_it_here_and_a_line_says_so(rehearsal, project, capsys):
    lane = project.lane("topics")
    foreign = "x86_64" if machine_architecture() == "arm64" else "arm64"
    log = replace(lane.functions["item-map-log"], architecture=foreign, runtime="python3.99")
    cloud = rehearsal()
    cloud.say_python(replace(lane, functions={"item-map-log": log}))
    cloud.say_python(replace(lane, functions={"item-map-log": log}))
    python, machine = capsys.readouterr().err.splitlines()
    assert python.startswith(f"functions are python3.99 on AWS; here they run on {MACHINE}: ")
    assert machine.startswith(f"functions are {foreign} on AWS; here they run on {machine_architecture()}, ")
    assert cloud._target(log) == Target(MACHINE, machine_architecture())


@pytest.mark.parametrize(
    ("payload", "changes"),
    [
        ({"rendezvous_endpoint": MEETING}, {"rendezvous_endpoint": ""}),
        ({"rendezvous_endpoint": "elsewhere.example:10000"}, {}),
        ({}, {}),
    ],
)
def test_ranks_that_are_sent_to_the_lanes_rendezvous_meet_in_the_cloud(rehearsal, project, payload, changes):
    cloud = rehearsal()
    assert (cloud.keeps_ranks, cloud.asks_first) == (True, False)
    assert cloud.meeting_here(project.lane("wssr"), payload) == changes


class Deployment(SimpleNamespace):
    """A deployment of *lane* that only notes in *done* what it is to carry out."""

    def carry_out(self, todo, watch):
        self.done.append((todo, watch))


def images_in(aws):
    """Return all images of the cloud's registry, as functions name them, but without the host."""
    ecr = aws.client("ecr")
    names = [repository["repositoryName"] for repository in ecr.describe_repositories()["repositories"]]
    return {
        f"{name}@{image['imageDigest']}"
        for name in names
        for image in ecr.describe_images(repositoryName=name)["imageDetails"]
    }


def test_images_are_pushed_only_if_anything_changes(project, state, tmp_path):
    BackendDict.reset()  # what other tests left in moto
    lane = project.lane("wssr")
    with EmbeddedCloud(PLACE, tmp_path / "cloud") as embedded:
        aws = connect_endpoint(PLACE, embedded.endpoint, embedded.key)
        cloud, deployment = Rehearsal(project, aws, state, console.note), Deployment(lane=lane, done=[])
        made = cloud.prepare(lane).images
        plans = [Plan("wssr", "dev", (Step(action, "bucket", "b"),), {}) for action in ("nothing", "create")]
        pushed = []
        for plan in plans:
            cloud.carry_out(deployment, plan, UNWATCHED)
            pushed.append(images_in(aws))
    assert len(made) == 3
    assert pushed == [set(), {image.partition("/")[2] for image in made.values()}]
    assert deployment.done == [(plan, UNWATCHED) for plan in plans]


def test_a_rehearsal_makes_shared_data_once_and_tells_what_is_not_here(project, state, tmp_path, capsys):
    lane = replace(project.lane("wssr"), commons={"field-data": PLACE.account, "abroad-data": "210987654321"})
    with EmbeddedCloud(PLACE, tmp_path / "cloud") as running:
        aws = connect_endpoint(PLACE, running.endpoint, running.key)
        cloud = Rehearsal(project, aws, state, console.note)
        cloud.make_commons(lane)
        said = capsys.readouterr().err
        cloud.make_commons(lane)
        assert [each["Name"] for each in aws.s3.list_buckets()["Buckets"]] == ["field-data"]
    assert "made s3://field-data for shared data" in said
    assert "abroad-data is account 210987654321's, and not in this cloud" in said
    assert "made s3://" not in capsys.readouterr().err


def test_a_world_that_this_machine_cannot_hold_is_refused_before_it_starts(project, state, tmp_path):
    lane = project.lane("team1")
    with EmbeddedCloud(PLACE, tmp_path / "cloud") as embedded:
        rehearsal = Rehearsal(project, connect_endpoint(PLACE, embedded.endpoint, embedded.key), state, console.note)
        most = embedded.carries.environments
        rehearsal.check_room(lane, "fmi-script", {"world_size": most})
        rehearsal.check_room(project.lane("team2"), "cosmic", {"world_size": most + 1, "fmi_enabled": False})
        with pytest.raises(
            UsageError, match=rf"(?s){most + 1} ranks wait .*runs {most} functions.*fix: lower --world-size to {most}, "
        ):
            rehearsal.check_room(lane, "fmi-script", {"world_size": most + 1})
        Cloud(project, rehearsal._aws, console.note).check_room(lane, "fmi-script", {"world_size": most + 1})
        key = lane.workflows["fmi-script"].functions["execute"]
        execute = replace(lane.functions[key], reserved_concurrency=most + 1)
        reserved = replace(lane, functions={**lane.functions, key: execute})
        rehearsal.check_room(reserved, "fmi-script", {"world_size": most + 1})
