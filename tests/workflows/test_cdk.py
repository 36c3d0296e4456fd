"""The CDK's own output on the embedded cloud: synthesized, deployed by the AWS CLI, run, changed, destroyed.

The stack is that of the public item map: a table, a function with log retention, a state machine. In it are an asset,
a custom resource of the CDK's, a parameter of the bootstrap and a rule. node, the CDK and the AWS CLI are no
requirement of the suite. Where they are not found, the test skips::

    npm install --prefix .cdk aws-cdk aws-cdk-lib constructs
    python3 -m venv .cdk/aws && .cdk/aws/bin/pip install awscli
    .venv/bin/pytest tests/workflows/test_cdk.py

Ones elsewhere are named by CDK_MODULES (the folder node_modules) and AWS_CLI (the program).
"""

import json
import os
import shutil
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.local.cloud import EmbeddedCloud
from tests.helpers.project import REPOSITORY

PLACE = Place("123456789012", "us-east-1", "dev")
APP = Path(__file__).parent / "cdk"
STACK = "ItemMap"
ASSETS = f"cdk-hnb659fds-assets-{PLACE.account}-{PLACE.region}"
_WAITS = 60  # times faster

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def modules():
    """The folder with the CDK's modules."""
    found = Path(os.environ.get("CDK_MODULES") or REPOSITORY / ".cdk/node_modules")
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    if not (found / "aws-cdk-lib").is_dir() or not (found / ".bin/cdk").exists():
        pytest.skip("the CDK is not installed: the docstring of this file says how")
    return found


@pytest.fixture(scope="module")
def aws_cli():
    """The AWS CLI."""
    beside = f"{os.environ['PATH']}{os.pathsep}{REPOSITORY / '.cdk/aws/bin'}"
    found = os.environ.get("AWS_CLI") or shutil.which("aws", path=beside)
    if found is None:
        pytest.skip("the AWS CLI is not installed: the docstring of this file says how")
    return found


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    with EmbeddedCloud(PLACE, tmp_path_factory.mktemp("cloud"), speed=_WAITS) as started:
        yield started


@pytest.fixture(scope="module")
def aws(cloud):
    """boto3's clients, in an account that is bootstrapped for the CDK."""
    aws = connect_endpoint(PLACE, cloud.endpoint, cloud.key)
    aws.client("s3").create_bucket(Bucket=ASSETS)
    aws.client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Type="String", Value="30")
    return aws


@pytest.fixture
def synthesized(modules, aws, tmp_path):
    """Return what synthesizes the stack and uploads its assets; it gives the template's file."""

    def synth(concurrency):
        out = tmp_path / f"out{concurrency}"
        context = ["--context", f"concurrency={concurrency}"]
        _run(
            [
                modules / ".bin/cdk",
                "synth",
                "--app",
                "node app.js",
                "--output",
                out,
                "--quiet",
                "--no-notices",
                *context,
            ],
            cwd=APP,
            env=os.environ | {"NODE_PATH": str(modules), "HOME": str(tmp_path), "CDK_DISABLE_CLI_TELEMETRY": "1"},
        )
        _publish(aws, out)
        return out / f"{STACK}.template.json"

    return synth


def _publish(aws, out):
    """Upload the assets that the manifest of *out* names, as ``cdk deploy`` and cdk-assets do."""
    for each in json.loads((out / f"{STACK}.assets.json").read_text())["files"].values():
        (place,) = each["destinations"].values()
        source = out / each["source"]["path"]
        body = _zipped(source, out / "asset.zip") if each["source"]["packaging"] == "zip" else source.read_bytes()
        aws.client("s3").put_object(Bucket=ASSETS, Key=place["objectKey"], Body=body)


def _zipped(folder, file):
    with zipfile.ZipFile(file, "w") as archive:
        for path in folder.rglob("*"):
            archive.write(path, path.relative_to(folder))
    return file.read_bytes()


@pytest.fixture
def command(aws_cli, cloud, tmp_path):
    """Return what runs ``aws cloudformation``, and gives what it prints."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_ACCESS_KEY_ID": cloud.key.id,
        "AWS_SECRET_ACCESS_KEY": cloud.key.secret,
        "AWS_DEFAULT_REGION": PLACE.region,
        "AWS_PAGER": "",
    }
    return lambda *words: _run([aws_cli, "cloudformation", *words], cwd=tmp_path, env=environment)


def _run(words, **how):
    done = subprocess.run(
        [str(each) for each in words], capture_output=True, text=True, timeout=300, check=False, **how
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _outputs(aws):
    (stack,) = aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


def _map(aws, machine):
    """Run the state machine, and return what it made of the list."""
    states = aws.client("stepfunctions")
    started = states.start_execution(stateMachineArn=machine)["executionArn"]
    while (ended := states.describe_execution(executionArn=started))["status"] == "RUNNING":
        time.sleep(0.05)
    assert ended["status"] == "SUCCEEDED", ended
    return json.loads(ended["output"])


def test_the_cdks_stack_is_deployed_run_changed_and_destroyed(synthesized, command, aws):
    told = ("--stack-name", STACK, "--capabilities", "CAPABILITY_IAM", "--no-fail-on-empty-changeset")
    deploy = ("deploy", *told, "--template-file")
    template = synthesized(1)

    assert f"Successfully created/updated stack - {STACK}" in command(*deploy, template)

    made = _outputs(aws)
    items = [{"S": "Computer Science"}, {"S": "Economics"}, {"S": "Mathematics"}]
    aws.client("dynamodb").put_item(TableName=made["TableName"], Item={"list": {"S": "topics"}, "values": {"L": items}})
    assert _map(aws, made["MachineArn"]) == items
    (group,) = aws.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/ItemMap-Worker")["logGroups"]
    assert group["retentionInDays"] == 1
    lines = aws.client("logs").filter_log_events(logGroupName=group["logGroupName"])["events"]
    assert sum("Economics" in each["message"] for each in lines) == 1

    assert f"No changes to deploy. Stack {STACK} is up to date" in command(*deploy, template)

    command(*deploy, synthesized(3))
    assert _outputs(aws) == made
    told = aws.client("stepfunctions").describe_state_machine(stateMachineArn=made["MachineArn"])
    assert json.loads(told["definition"])["States"]["Each"]["MaxConcurrency"] == 3
    assert _map(aws, made["MachineArn"]) == items

    command("delete-stack", "--stack-name", STACK)
    command("wait", "stack-delete-complete", "--stack-name", STACK)
    assert aws.client("stepfunctions").list_state_machines()["stateMachines"] == []
    assert aws.client("lambda").list_functions()["Functions"] == []
    assert aws.client("dynamodb").list_tables()["TableNames"] == []
    assert aws.client("iam").list_roles()["Roles"] == []
