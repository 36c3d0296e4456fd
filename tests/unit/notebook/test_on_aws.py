"""A lane in an account; moto stands in AWS's place here. Nothing deploys by itself there, and who calls is told."""

import pytest
from moto.core.base_backend import BackendDict

from shared.errors import LanesError, UsageError
from shared.local.server import MotoServer
from shared.notebook import lane
from tests.helpers.project import hollow


@pytest.fixture(scope="module")
def root(copy_project, tmp_path_factory):
    return hollow(copy_project(tmp_path_factory.mktemp("project")))


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


def test_runs_of_an_account_are_listed_and_who_asks_is_told_once(root, elsewhere, capsys):
    topics = lane("topics", root=root, endpoint=elsewhere)
    assert len(topics.runs()) == 0
    assert len(topics.runs("item-map")) == 0
    told = capsys.readouterr().err
    assert told.count(f"on {elsewhere} in AWS's place (account 123456789012 in us-east-1), as arn:aws:") == 1
    assert elsewhere in topics._repr_html_()
    with pytest.raises(UsageError, match="topics has run nothing here"):
        topics.find()


def test_a_run_in_an_account_deploys_nothing(root, elsewhere):
    with pytest.raises(LanesError, match="workflow item-map of topics is not deployed") as told:
        lane("topics", root=root, endpoint=elsewhere).run("item-map")
    assert told.value.fix == "lanes deploy topics"
    assert not (root / ".lanes" / "cloud.json").exists()


def test_what_aws_refuses_is_an_error_of_ours(root, elsewhere):
    class Refusing:
        def __getattr__(self, name):
            from botocore.exceptions import ClientError

            def refuse(**_):
                raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, name)

            return refuse

    topics = lane("topics", root=root, endpoint=elsewhere)
    topics.runs()
    topics._connection._aws.__dict__["states"] = Refusing()  # a cached client
    with pytest.raises(LanesError, match="AccessDeniedException") as told:
        topics.find("20260102T030405Z-a1b2c3")
    assert told.value.what.startswith("AWS: ")
    assert told.value.fix.startswith("use credentials that may: ")
