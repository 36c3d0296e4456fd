"""The places of Chalice that we put our own parts into, and ``chalice deploy`` as it is typed.

When a new version of Chalice moves one of them, this says so; the version is pinned for that reason.
"""

from __future__ import annotations

import dataclasses
import inspect
import os
import shutil
import subprocess
import sys
from pathlib import Path

import chalice
import pytest
from chalice.awsclient import TypedAWSClient
from chalice.deploy.appgraph import ApplicationGraphBuilder
from chalice.deploy.deployer import DeploymentPackager
from chalice.deploy.models import DeploymentPackage

from shared.aws.client import connect_endpoint
from shared.config.load import load_project
from shared.deploy.chalice.stage import config_is_fresh, write_config
from shared.deploy.code import package_code
from shared.deploy.lane_deployment import destroy, prepare_lane
from shared.local import daemon
from shared.local.images import images_here
from shared.local.state import STATE_DIR, State
from tests.helpers.project import hollow

CHALICE = [sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())"]


def test_the_version_is_the_one_whose_seams_we_know():
    assert chalice.__version__ == "1.34.0"


@pytest.mark.parametrize(
    ("seam", "parameters"),
    [
        (
            ApplicationGraphBuilder._create_lambda_model,
            ["self", "config", "deployment", "name", "handler_name", "stage_name"],
        ),
        (TypedAWSClient._client, ["self", "service_name"]),
    ],
)
def test_each_seam_is_where_it_was(seam, parameters):
    assert list(inspect.signature(seam).parameters) == parameters


def test_every_call_of_chalices_client_goes_through_the_seam():
    source = inspect.getsource(TypedAWSClient)
    assert source.count("create_client(") == 1
    assert "create_client(" in inspect.getsource(TypedAWSClient._client)


def test_a_package_that_is_made_already_is_left_alone():
    package = DeploymentPackage(filename="code.zip")
    DeploymentPackager(None).handle(None, package)  # it would ask its packager for a zip
    assert package.filename == "code.zip"


@pytest.fixture(scope="module")
def root(copy_project, tmp_path_factory):
    folder = hollow(copy_project(tmp_path_factory.mktemp("typed")))
    write_config(load_project(folder))
    return folder


@pytest.fixture
def idle(root):
    """The same project in another place, where no cloud runs: nothing here changes it."""
    other = root.parent / "idle"
    if not other.exists():
        shutil.copytree(root, other, symlinks=True, ignore=shutil.ignore_patterns(".lanes", "deployed"))
    return other


@pytest.fixture(scope="module")
def cloud(root):
    """Keep a cloud as ``lanes up`` does, and give clients for it."""
    project = load_project(root)
    running = daemon.up(State(root / STATE_DIR), daemon.Settings(project.place, 0))
    yield connect_endpoint(project.place, running.endpoint, running.key)
    daemon.down(State(root / STATE_DIR))


def typed(root, *words, **environment):
    """Type ``chalice ...`` in chalice_app, in a shell without any credentials or settings for AWS."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "LANES_"))}
    return subprocess.run(
        [*CHALICE, *words],
        cwd=root / "chalice_app",
        env={**clean, "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_chalice_deploy_as_typed(root, cloud):
    project = load_project(root)
    lane = project.lane("team2")
    early = typed(root, "deploy", "--stage", "team2")
    assert early.returncode == 1
    assert "the foundation of team2 is not deployed; missing: role team2-cosmic-init-role-7078ea12" in early.stderr
    assert "fix: lanes deploy team2" in early.stderr

    prepare_lane(lane, project, cloud).deploy()
    handler = root / "shared/handlers/cosmic/init.py"
    handler.write_text(handler.read_text() + "\n# changed\n")
    stale = root / "chalice_app/.chalice/deployed/team2.json"
    stale.parent.mkdir()
    gone = '{"name": "gone", "resource_type": "lambda_function", "lambda_arn": "arn:aws:lambda:::function:gone"}'
    stale.write_text(f'{{"resources": [{gone}], "schema_version": "2.0"}}')
    assert [step.kind for step in prepare_lane(lane, project, cloud).plan().changes] == ["function"] * len(
        lane.functions
    )

    done = typed(root, "deploy", "--stage", "team2")
    assert done.returncode == 0, done.stderr
    assert "Updating lambda function: team2-cosmic-inference-7078ea12" in done.stdout
    names = [function["FunctionName"] for function in cloud.lambda_.list_functions()["Functions"]]
    assert sorted(names) == sorted(function.name for function in lane.functions.values())
    unchanged = prepare_lane(lane, project, cloud).plan().changes
    assert unchanged == ()  # the very zip and settings that lanes deploy would choose
    destroy(lane, cloud)


def test_chalice_deploy_of_a_package_that_lambda_takes_from_a_bucket_only(root, cloud):
    project = load_project(root)
    lane = project.lane("team1")
    prepare_lane(lane, project, cloud).deploy()
    handler = root / "shared/handlers/fmi/check.py"
    handler.write_text(f"{handler.read_text()}WEIGHTS = __file__.replace('check.py', 'weights.bin')\n")
    weights = handler.with_name("weights.bin")
    weights.write_bytes(os.urandom(51 * 1024**2))
    try:
        done = typed(root, "deploy", "--stage", "team1")
        assert done.returncode == 0, done.stderr
        found = cloud.s3.list_objects_v2(Bucket=lane.bucket, Prefix="runs/code/")["Contents"]
        assert [each["Size"] > 50 * 1024**2 for each in found] == [True]
        assert prepare_lane(lane, project, cloud).plan().changes == ()
    finally:
        weights.unlink()
        destroy(lane, cloud)


def test_chalice_deploy_leaves_functions_that_are_images_alone(root, cloud):
    project = load_project(root)
    lane = project.lane("wssr")
    images = images_here(lane, package_code(project, lane), root / ".lanes/images-here", cloud, push=True)
    prepare_lane(lane, project, cloud, images=images).deploy()
    before = told(cloud)
    done = typed(root, "deploy", "--stage", "wssr")
    assert done.returncode == 0, done.stderr
    assert "wssr-random-mean-draw-91a18b84" in done.stdout
    assert "wssr-wssr-" not in done.stdout
    assert told(cloud) == before
    assert [kind for name, kind, _, _ in before if name.startswith("wssr-wssr-")] == ["Image"] * 3

    zipped = dataclasses.replace(lane.functions["random-mean-draw"], image=lane.functions["wssr-init"].image)
    switched = dataclasses.replace(lane, functions={**lane.functions, "random-mean-draw": zipped})
    prepare_lane(switched, project, cloud, images={**images, "random-mean-draw": images["wssr-init"]}).deploy()
    refused = typed(root, "deploy", "--stage", "wssr")
    assert refused.returncode == 1
    assert "an image: wssr-random-mean-draw-91a18b84: package\n  fix: lanes deploy wssr" in refused.stderr
    destroy(lane, cloud)


def told(cloud):
    return sorted(
        (each["FunctionName"], each["PackageType"], each["CodeSha256"], each["MemorySize"])
        for each in cloud.lambda_.list_functions()["Functions"]
    )


@pytest.mark.parametrize(
    ("words", "environment", "said"),
    [
        (["--stage", "typo"], {}, "unknown stage 'typo'\n  fix: known: team1, team2"),
        ([], {}, "unknown stage 'dev'"),
        (["--stage", "typo"], {"TEAM": "team2"}, "unknown stage 'typo'"),
        (["--stage", "team2", "--profile", "mine"], {}, "--profile is for AWS"),
        (["--stage", "team2"], {"LANES_TARGET": "cloud"}, "unknown target 'cloud'"),
        (
            ["--stage", "team2"],
            {"LANES_TARGET": "aws", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
            "this would send calls elsewhere: AWS_ENDPOINT_URL=http://127.0.0.1:9 in the environment",
        ),
        (["--stage", "team2"], {}, "no embedded cloud is running to deploy to\n  fix: lanes up"),
    ],
)
def test_a_stage_or_target_that_cannot_be_is_refused_before_anything_is_touched(idle, words, environment, said):
    result = typed(idle, "deploy", *words, **environment)
    assert result.returncode == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_stale_stages_are_refused(idle):
    config = idle / "chalice_app/.chalice/config.json"
    fresh = config.read_text()
    config.write_text(fresh.replace('"lambda_timeout": 60', '"lambda_timeout": 61'))
    result = typed(idle, "deploy", "--stage", "team2")
    config.write_text(fresh)
    assert result.returncode == 1
    assert "not those of the teams' files any more" in result.stderr
    assert "fix: lanes render" in result.stderr


def test_a_team_whose_stage_was_never_written_is_told_so(idle):
    file = idle / "teams" / "fresh.yaml"
    file.write_text("team: fresh\nowner: fresh@example.edu\n")
    result = typed(idle, "deploy", "--stage", "fresh")
    file.unlink()
    assert result.returncode == 1
    assert "team fresh has a file and no stage yet\n  fix: lanes render" in result.stderr.replace("Error: ", "")


def test_the_committed_stages_are_fresh():
    assert config_is_fresh(load_project(Path(__file__).resolve().parents[2])), "run lanes render"
