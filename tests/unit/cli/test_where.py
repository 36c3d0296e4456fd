"""``--aws``, ``--endpoint`` and what a command says of where it goes; on moto, which stands in AWS's place here."""

import inspect
import json

import pytest
import typer
from moto.core.base_backend import BackendDict

from shared.aws.client import connect_aws
from shared.cli import main as command_line
from shared.cli import wiring
from shared.cli.lazy import whole
from shared.cli.where import Where, on_cloud
from shared.config.load import load_project
from shared.errors import LanesError
from shared.local.server import MotoServer
from tests.helpers.project import hollow

ACCOUNT = "account 123456789012 in us-east-1"


@pytest.fixture(scope="module")
def project(copy_project, tmp_path_factory):
    root = copy_project(tmp_path_factory.mktemp("project"))
    return load_project(hollow(root))


@pytest.fixture(scope="module")
def elsewhere():
    BackendDict.reset()  # moto is one for the process, and other tests leave lanes in it
    server = MotoServer()
    server.start()
    yield server.endpoint
    server.stop()


@pytest.fixture(autouse=True)
def shell(monkeypatch, tmp_path):
    """A shell with keys, and no files of AWS's."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("words", [("plan", "topics"), ("runs", "topics"), ("isolation", "quotas"), ("cost", "topics")])
def test_aws_is_refused_while_the_shell_leads_elsewhere(lanes, elsewhere, monkeypatch, words):
    monkeypatch.setenv("AWS_ENDPOINT_URL", elsewhere)
    code, out, err = lanes(*words, "--aws")
    assert (code, out) == (1, "")
    assert err.startswith(f"error: --aws means AWS, and this would send calls elsewhere: AWS_ENDPOINT_URL={elsewhere}")


@pytest.mark.parametrize("aws", [[], ["--aws"]])
def test_an_endpoint_on_purpose_is_said_by_every_command(lanes, elsewhere, monkeypatch, aws):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    code, _, err = lanes("stop", "topics", "--endpoint", elsewhere, *aws)
    assert code == 0
    assert err.startswith(f"on {elsewhere} in AWS's place ({ACCOUNT}), as arn:aws:")


def test_a_plan_names_account_region_and_target(lanes, elsewhere, project):
    code, out, _ = lanes("plan", "topics", "--endpoint", elsewhere)
    assert code == 0
    assert out.startswith(f"topics on {elsewhere} in AWS's place ({ACCOUNT})\n+ log delivery ")
    (data,) = json.loads(lanes("plan", "topics", "--endpoint", elsewhere, "--json")[1])
    place = {"account": "123456789012", "region": "us-east-1"}
    assert data["target"] == {"kind": "endpoint", **place, "endpoint": elsewhere}
    assert lanes("plan", "topics")[1].startswith(f"topics on the embedded cloud ({ACCOUNT})\n")
    assert json.loads(lanes("plan", "topics", "--json")[1])[0]["target"]["kind"] == "embedded"
    data = json.loads(lanes("rendezvous", "destroy", "--dry-run", "--json")[1])
    assert data["target"]["kind"] == "embedded"


def test_a_question_names_account_region_and_target(lanes, elsewhere):
    code, out, err = lanes("deploy", "topics", "--endpoint", elsewhere, answer="n")
    assert (code, out) == (1, "")
    assert f"Deploy topics to {elsewhere} in AWS's place ({ACCOUNT})? [y/N] " in err
    assert lanes("deploy", "topics", "--endpoint", elsewhere)[0] == 2  # nobody can be asked
    connect_aws_at(elsewhere).logs.create_log_group(
        logGroupName="/aws/lambda/topics-item-map-log-0d905a3d",
        tags={"team": "topics", "stage": "dev", "managed-by": "teamlanes"},
    )
    code, _, err = lanes("destroy", "topics", "--endpoint", elsewhere, answer="team1")
    assert code == 1
    assert f"removes all data of topics for good, on {elsewhere} in AWS's place ({ACCOUNT}). Type topics " in err


def connect_aws_at(endpoint):
    from shared.config.lane import Place  # beside its one use

    return connect_aws(Place("123456789012", "us-east-1", "dev"), endpoint=endpoint)


def test_nothing_comes_by_itself_to_another_endpoint(project, elsewhere):
    aws, lane = connect_aws_at(elsewhere), project.lane("wssr")
    cloud = wiring.cloud_of(project, aws)
    cloud.make_zone("uva-ds5110.com")
    cloud.make_ready(lane, "random-mean", {})
    cloud.make_deployed(lane)
    assert aws.client("route53").list_hosted_zones()["HostedZones"] == []
    assert aws.s3.list_buckets()["Buckets"] == []
    with pytest.raises(LanesError, match="no image is pushed yet"):
        cloud.prepare(lane)
    assert cloud.asks_first
    assert cloud.outlives_command
    meeting = {"rendezvous_endpoint": lane.rendezvous.endpoint}
    assert cloud.meeting_here(lane, meeting) == {}


def test_a_profile_without_aws_is_refused(lanes):
    code, _, err = lanes("runs", "topics", "--profile", "mine")
    assert code == 2
    assert "--profile is for AWS, and this goes to the embedded cloud" in err


def test_an_endpoint_keeps_its_own_time(lanes, elsewhere):
    code, _, err = lanes("run", "topics", "item-map", "--speed", "2", "--endpoint", elsewhere)
    assert code == 2
    assert f"{elsewhere} keeps its own time" in err


def test_every_command_that_goes_to_a_cloud_has_the_options():
    """Those that take --aws take the others too: there is one place that adds them."""

    def commands(group):
        for command in group.commands.values():
            yield from commands(command) if hasattr(command, "commands") else [command.callback]

    asking = [inspect.signature(each).parameters.keys() for each in commands(whole(command_line.app))]
    options = {"aws", "profile", "endpoint", "role"}
    assert sum("aws" in names for names in asking) >= 20
    assert all(not (options & names) or options <= names for names in asking)


def test_the_options_come_as_one_value():
    seen = []

    @on_cloud
    def command(team: str, *, where: Where, limit: int = 3) -> None:
        """Do it."""
        seen.append((team, where, limit))

    app = typer.Typer()
    app.command()(command)
    options = ["--aws", "--profile", "p", "--endpoint", "http://h", "--as", "deployer"]
    app(["a", *options, "--limit", "4"], standalone_mode=False)
    app(["b"], standalone_mode=False)
    assert seen == [("a", Where(aws=True, profile="p", endpoint="http://h", role="deployer"), 4), ("b", Where(), 3)]
    assert command.__doc__ == "Do it."
    assert seen[0][1].options == " " + " ".join(options)
    assert [seen[0][1].embedded, seen[1][1].embedded] == [False, True]
    assert [seen[0][1].asked, seen[1][1].asked, Where(role="platform").asked] == [True, False, True]
