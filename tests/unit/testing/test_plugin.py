"""The fixture ``workflow`` in a project: real handlers, a cloud in memory, modules kept apart, reports.

pytest runs once, in a process of its own, on the tests of a small project; each test here looks at what came of some.
"""

import os
import subprocess
import sys

import pytest

from tests.helpers import many_tests
from tests.unit.testing.conftest import Project

WORDS = """
import boto3
import pytest
import steps
from shared.errors import UsageError
from shared.testing import raises, returns
from shared.testing.errors import MocksDoNotFit

ECHO = {"split": lambda event, _: event, "count": lambda event, _: event}

def test_handlers_run_in_a_cloud_in_memory(workflow):
    workflow.put_sample()
    run = workflow.run()
    assert run.succeeded, run.failure
    assert run.output == {"words": 3, "left": 60}
    assert run.path == ["Split", "Count"]
    assert run.seconds == 0
    table = workflow.workflow.tables["totals"].name
    assert boto3.client("dynamodb").scan(TableName=table)["Items"] == [{"word": {"S": "all"}, "n": {"N": "3"}}]

def test_nothing_is_left_of_another_test(workflow):
    run = workflow.run()
    assert run.error == "FileNotFoundError"
    assert run.failure.state == "Split"
    frames = [line for line in run.failure.traceback.splitlines() if 'File "' in line]
    assert len(frames) == 1 and "words/steps.py" in frames[0]

def test_what_a_test_sets_a_handler_sees(workflow, monkeypatch):
    monkeypatch.setattr(steps, "words", lambda text: 100)
    workflow.put_sample()
    assert workflow.run().output["words"] == 100

def test_what_the_lane_owns_is_there_and_nothing_else(workflow):
    sqs, secrets = workflow.cloud.client("sqs"), workflow.cloud.client("secretsmanager")
    assert any(workflow.workflow.queues["work"].name in url for url in sqs.list_queues()["QueueUrls"])
    assert workflow.workflow.secrets["token"] in [each["Name"] for each in secrets.list_secrets()["SecretList"]]
    assert workflow.run(functions={"split": lambda event, context: {"keys": ["none"]}}).error == "NoSuchKey"

def test_mocks_and_stand_ins(workflow):
    run = workflow.run(mocks={"Split": returns({"Payload": {"keys": []}})}, functions={"count": lambda event, _: event})
    assert run.output == {"keys": []}
    assert workflow.run(mocks={"Split": raises("Sandbox.Timedout")}).error == "Sandbox.Timedout"

def test_modules_of_one_name_are_kept_apart(workflow):
    other = workflow.of("team9", "others")
    assert other.run().output == "other"
    import steps as again
    assert again is steps
    workflow.put_sample()
    assert workflow.run().output["words"] == 3
    assert other.run().output == "other"

def test_lanes_share_a_cloud(workflow):
    workflow.put_sample()
    far = workflow.of("team7", "far")
    assert far.run().output == {"bucket": "team7-work-0badcafd", "objects": 0}
    assert workflow.run().output["words"] == 3

def test_inputs(workflow):
    assert workflow.run(functions=ECHO).output == {"folder": "input"}
    assert workflow.run({"folder": "mine"}, functions=ECHO).output == {"folder": "mine"}
    assert workflow.run(["as it is"], functions=ECHO, exactly=True).output == ["as it is"]
    with pytest.raises(UsageError, match="fodler"):
        workflow.run({"fodler": "mine"}, functions=ECHO)

def test_unknown_names(workflow):
    with pytest.raises(UsageError, match="unknown workflow 'wrods'"):
        workflow.of("team9", "wrods")
    with pytest.raises(MocksDoNotFit, match="there is no function 'spilt'; did you mean 'split'"):
        workflow.run(functions={"spilt": lambda event, _: event})

def test_a_report_of_a_failed_run(workflow):
    run = workflow.run({"folder": "nowhere"})
    assert run.succeeded

def test_a_report_of_what_does_not_fit(workflow):
    workflow.run(mocks={"Splt": returns(1)})
"""
OTHERS = "def split(event, context): return 'other'\ndef count(event, context): return event\n"
CALLS = """
import boto3
def split(event, context): return boto3.client("lambda").invoke(FunctionName="x")
def count(event, context): return event
"""
FAR = """
import os
import boto3
def split(event, context):
    found = boto3.client("s3").list_objects_v2(Bucket=os.environ["BUCKET"])
    return {"bucket": os.environ["BUCKET"], "objects": found["KeyCount"]}
def count(event, context): return event
"""
REFUSED = """
def test_what_no_test_runs(workflow):
    run = workflow.run()
    assert "a test's cloud in memory has no lambda:Invoke" in run.failure.traceback
"""
NOT_LOADED = """
def test_a_handler_that_cannot_be_loaded(workflow):
    run = workflow.run()
    assert run.error == "Runtime.ImportModuleError"
    assert "Unable to import module 'steps': No module named 'nothing_like_it'" in run.cause
    assert run.failure.traceback.endswith("No module named 'nothing_like_it'")
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Return the project's folder, what came of each test, and what pytest printed."""
    project = Project(tmp_path_factory.mktemp("project"))
    project.tests(WORDS)
    project.workflow("others", OTHERS)
    project.tests("import steps\ndef test_others(): assert steps.split({}, None) == 'other'\n", "others")
    project.write("teams/team7.yaml", "team: team7\nowner: c@example.edu\nsuffix: 0badcafd\nnames: {bucket: work}\n")
    project.workflow("far", FAR, "team7")
    project.workflow("calls", CALLS)
    project.tests(REFUSED, "calls")
    project.workflow("broken", f"import nothing_like_it\n{OTHERS}")
    project.tests(NOT_LOADED, "broken")
    project.workflow("lacking")
    project.write("teams/team9/lacking/requirements.txt", "nothing-like-it==1\n")
    project.tests("import nothing_like_it\n", "lacking")
    many_tests.write(project)
    project.write("teams/team8.yaml", "team: team8\nowner: b@example.edu\nsuffix: 0badcaff\nnames: {bucket: work}\n")
    project.write("teams/team8/unread/workflow.yaml", "description: [\n")  # no matter to team9's tests
    return project.root, *project.run(AWS_ENDPOINT_URL="http://127.0.0.1:1")  # as lanes env prints it


def test_all_tests_that_should_pass_do(ran):
    _, results, printed = ran
    failed = {name for name, problem in results.items() if problem is not None}
    assert failed == {
        "test_a_report_of_a_failed_run", "test_a_report_of_what_does_not_fit", "teams.team9.lacking.tests.test_lacking",
    }, printed  # fmt: skip
    assert len(results) == 215


def test_a_report_shows_the_path_and_the_users_traceback(ran):
    root, _, printed = ran
    assert "<Run FAILED in 0 s: Split>" in printed
    assert "FileNotFoundError in Split:" in printed
    assert f'File "{root}/teams/team9/words/steps.py", line 13, in split' in printed
    assert "trial.py" not in printed


def test_a_mock_that_does_not_fit_shows_the_tests_own_line_alone(ran):
    _, results, _ = ran
    text = results["test_a_report_of_what_does_not_fit"].text
    assert "Splt: there is no such state; did you mean 'Split'?" in text
    assert "shared/testing" not in text


def test_tests_are_skipped_where_a_library_is_not_installed(ran):
    _, results, printed = ran
    (skipped,) = (problem for name, problem in results.items() if "lacking" in name)
    assert skipped.tag == "skipped"
    assert "not installed here: nothing-like-it==1 (uv pip install -r teams/team9/lacking/requirements.txt)" in printed


def test_other_projects_load_neither_the_engine_nor_boto3(tmp_path):
    names = ("boto3", "botocore", "moto", "pydantic", "shared.local.asl.engine", "shared.config")
    (tmp_path / "test_it.py").write_text(
        f"import sys\n\ndef test_it():\n    assert [name for name in {names} if name in sys.modules] == []\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("options", [[], ["-p", "teamlanes_pytest"]])
def test_another_project_s_own_package_called_shared_is_its_own(tmp_path, options):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/__init__.py").touch()
    (tmp_path / "shared/mine.py").write_text("VALUE = 2\n")
    (tmp_path / "test_mine.py").write_text(
        "import shared.mine\n\ndef test_mine():\n    assert shared.mine.VALUE == 2\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    environment = os.environ | ({"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} if options else {})
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
    assert "1 passed" in ended.stdout, ended.stdout + ended.stderr
