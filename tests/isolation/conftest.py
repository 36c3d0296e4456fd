"""A lane made by hand, with every document that is rendered for it, and the proof over any such documents."""

import functools
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.config.access import NOBODY, Access, Workflows
from shared.config.lane import Function, Lane, Place, Rendezvous, Workflow
from shared.config.resources import Asynchronous, Index, Key, Queue, Setting, Table, Topic, Uses, Vpc
from shared.config.variables import KEY_VARIABLE
from shared.deploy.resources import queue
from shared.deploy.sources import Sources
from shared.iam.catalogue import load_catalogue
from shared.isolation.proof.documents.document import Document, DocumentKind
from shared.isolation.proof.names.commons import Commons
from shared.isolation.proof.names.disjoint import NameRules
from shared.isolation.proof.proof import Proof, prove
from shared.isolation.roles.boundary import boundary_policy
from shared.isolation.roles.database_role import Script
from shared.isolation.roles.deployer import deployer_boundary, deployer_policy, deployer_trust
from shared.isolation.roles.function_role import function_policy, function_trust
from shared.isolation.roles.repository import repository_policy
from shared.isolation.roles.trigger_roles import scheduler_policy, scheduler_trust
from shared.isolation.roles.workflow_role import workflow_policy, workflow_trust
from shared.values import Json, as_mapping
from tests.helpers.triggered import triggered

PLACE = Place("123456789012", "us-east-1", "dev")
ABROAD = "210987654321"
COMMONS = (
    Commons("field-data", PLACE.account),
    Commons("abroad-data", ABROAD),
    Commons("labs-data", PLACE.account, frozenset({"team10"})),
)
NAMES = NameRules("[a-z][a-z0-9]{1,11}", frozenset({"teamlanes"}), {"bucket": "{team}-{component}-{hash}"}, COMMONS)


# The simulator is another's program (AGPL-3.0): never shipped, and asked over its standard input, where it is.
SIMULATOR = "@cloud-copilot/iam-simulate"
_SCRIPT = f"""
const {{ runSimulation }} = require('{SIMULATOR}');
(async () => {{
  const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));
  const answers = [];
  for (const each of asked) {{
    const answer = await runSimulation(each, {{}});
    answers.push(answer.resultType === 'error' ? 'error: ' + JSON.stringify(answer.errors) : answer.overallResult);
  }}
  console.log(JSON.stringify(answers));
}})();
"""


def make_lane(team: str) -> Lane:
    def name(component: str) -> str:
        return f"{team}-{component}-0a1b2c3d"

    functions = {
        key: Function(
            key=key,
            name=name(key),
            handler=f"shared.handlers.{key.replace('-', '.')}.handler",
            role=name(f"{key}-role"),
            log_group=f"/aws/lambda/{name(key)}",
            memory_mb=512,
            timeout_seconds=60,
            reserved_concurrency=None,
            environment={KEY_VARIABLE: f"{team}/rendezvous-0a1b2c3d"} if key == "cosmic-inference" else {},
        )
        for key in ("cosmic-init", "cosmic-inference")
    }
    inference = functions["cosmic-inference"]
    functions["cosmic-inference"] = replace(inference, **everything(team, name))
    workflow = Workflow(
        key="cosmic",
        name=name("cosmic"),
        template=Path("cosmic.asl.json"),
        role=name("cosmic-stepfunctions-role"),
        log_group=f"/aws/vendedlogs/states/{name('cosmic')}",
        functions={"init": "cosmic-init", "inference": "cosmic-inference"},
        specs=(),
        parameters={},
        tables={"totals": Table(name("totals"), Key("word"), indexes=(Index("by-day", Key("day")),))},
        queues={"work": Queue(name("work"), name("work-dead-letters"), 30, 3)},
        topics={"done": Topic(name("done"))},
        buckets={"raw": name("raw")},
        secrets={"key": f"{team}/key-0a1b2c3d"},
        settings={"limit": Setting(f"/{team}/limit-0a1b2c3d", "3")},
        uses=Uses(queues={name("work"): "sendreceive"}, services=("comprehend:DetectSentiment",)),
    )
    return Lane(
        team=team,
        owner=f"{team}@example.edu",
        hash="0a1b2c3d",
        place=PLACE,
        bucket=name("data"),
        boundary=name("boundary"),
        deployer=name("deployer"),
        deployer_boundary=name("deployer-boundary"),
        tags={},
        functions=functions,
        workflows={"cosmic": workflow},
        rendezvous=Rendezvous("localhost", 10000, 5, 1, 3, 2, "rate(5 minutes)"),
        log_retention_days=30,
        scratch_days=7,
        commons={each.bucket: each.account for each in COMMONS if each.lets(team)},
        access=Access(("ann",), ("students",), (Workflows("uva/lanes", "main"), Workflows("uva/lanes", "", team))),
    )


def everything(team: str, name: Callable[[str], str]) -> dict[str, Any]:
    """All that a card may say of what a function uses, where it runs, and who hears of its events."""
    return {
        "uses": Uses(
            bucket="readwrite",
            buckets={name("raw"): "read"},
            tables={name("totals"): "readwrite"},
            queues={name("work"): "sendreceive"},
            topics=(name("done"),),
            secrets=(f"{team}/key-0a1b2c3d",),
            settings=(f"/{team}/limit-0a1b2c3d",),
            functions=(name("cosmic-init"),),
            machines=(name("cosmic"),),
            commons=("field-data", "abroad-data"),
            services=("bedrock:InvokeModel", "geo-places:Geocode", "rekognition:DetectLabels"),
        ),
        "vpc": Vpc(("subnet-1",), ("sg-1",)),
        "asynchronous": Asynchronous(
            on_success=PLACE.arn("sns", name("done")), on_failure=PLACE.arn("sqs", name("work"))
        ),
        "layers": (f"arn:aws:lambda:us-east-1:{ABROAD}:layer:science:3", PLACE.arn("lambda", f"layer:{name('own')}:1")),
    }


def definition(lane: Lane) -> dict[str, Json]:
    """A machine with all that a role is granted for: a distributed Map with reader and writer, a nested execution."""

    def invoke(key: str) -> dict[str, Json]:
        return {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": lane.function_arn(key)},
        }

    def call(api: str, **arguments: Json) -> dict[str, Json]:
        return {"Type": "Task", "Resource": f"arn:aws:states:::{api}", "Parameters": arguments}

    return {
        "StartAt": "Init",
        "States": {
            "Init": {**invoke("cosmic-init"), "Next": "Ranks"},
            "Ranks": {
                "Type": "Map",
                "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": lane.bucket}},
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "Infer",
                    "States": {"Infer": {**invoke("cosmic-inference"), "End": True}},
                },
                "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": lane.bucket}},
                "Next": "Keep",
            },
            "Keep": {**call("dynamodb:putItem", TableName=f"{lane.team}-totals-0a1b2c3d"), "Next": "Find"},
            "Find": {
                **call("aws-sdk:dynamodb:query", TableName=f"{lane.team}-totals-0a1b2c3d", IndexName="by-day"),
                "Next": "Send",
            },
            "Send": {**call("sqs:sendMessage", QueueUrl=lane.queue_url(f"{lane.team}-work-0a1b2c3d")), "Next": "Tell"},
            "Tell": {**call("sns:publish", TopicArn=lane.topic_arn(f"{lane.team}-done-0a1b2c3d")), "Next": "Shared"},
            "Shared": {**call("aws-sdk:s3:getObject", Bucket="field-data", Key="k"), "Next": "See"},
            "See": {**call("aws-sdk:rekognition:detectLabels"), "Next": "Again"},
            "Again": {
                "Type": "Task",
                "Resource": "arn:aws:states:::states:startExecution.sync:2",
                "Parameters": {"StateMachineArn": lane.state_machine_arn("cosmic")},
                "End": True,
            },
        },
    }


def starting(lane: Lane) -> dict[str, tuple[DocumentKind, str, Mapping[str, Json]]]:
    """The documents of what starts a workflow by itself: two roles, and the queue that a bucket tells of uploads."""
    own = triggered(lane, "cosmic")
    told, upload = own.workflows["cosmic"].schedules, own.workflows["cosmic"].upload
    assert told
    assert upload
    starter = own.functions[upload.function]
    queues = {each.name: each for each in queue.wanted(Sources(own, {}))}
    policy = as_mapping(queues[upload.queue.name].properties["policy"])
    return {
        "scheduler": (DocumentKind.ROLE, told.role, scheduler_policy(own, "cosmic", told).document()),
        "scheduler trust": (DocumentKind.TRUST, told.role, scheduler_trust(own, told).document()),
        "starter": (DocumentKind.ROLE, starter.role, function_policy(own, starter).document()),
        "starts queue": (DocumentKind.RESOURCE, upload.queue.name, policy),
    }


def render(lane: Lane) -> dict[str, Document]:
    """Every document of a lane, by a short name."""
    function, workflow = lane.functions["cosmic-inference"], lane.workflows["cosmic"]
    bucket, repository = lane.bucket_arn, f"{lane.team}/cosmic-inference-0a1b2c3d"
    tls: Json = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket, f"{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    own_role: Json = {
        "Sid": "OwnRole",
        "Effect": "Allow",
        "Principal": {"AWS": lane.role_arn(function.role)},
        "Action": ["s3:GetObject"],
        "Resource": [f"{bucket}/*"],
    }
    bodies: dict[str, tuple[DocumentKind, str, Mapping[str, Json]]] = {
        "function": (DocumentKind.ROLE, function.role, function_policy(lane, function).document()),
        "machine": (DocumentKind.ROLE, workflow.role, workflow_policy(lane, workflow, definition(lane)).document()),
        "function trust": (DocumentKind.TRUST, function.role, function_trust().document()),
        "machine trust": (DocumentKind.TRUST, workflow.role, workflow_trust(lane, workflow).document()),
        "boundary": (DocumentKind.BOUNDARY, lane.boundary, boundary_policy(lane.team, PLACE, lane.commons).document()),
        "deployer": (DocumentKind.DEPLOYER, lane.deployer, deployer_policy(lane).document()),
        "deployer trust": (DocumentKind.TRUST, lane.deployer, deployer_trust(lane.team, PLACE, lane.access).document()),
        "deployer boundary": (
            DocumentKind.BOUNDARY,
            lane.deployer_boundary,
            deployer_boundary(lane).document(),
        ),
        "bucket": (DocumentKind.BUCKET, lane.bucket, {"Version": "2012-10-17", "Statement": [tls, own_role]}),
        "repository": (DocumentKind.REPOSITORY, repository, repository_policy(lane.team, PLACE)),
        **starting(lane),
    }
    arns = {
        lane.bucket: bucket,
        repository: PLACE.arn("ecr", f"repository/{repository}"),
        lane.boundary: lane.boundary_arn,
        lane.deployer_boundary: lane.deployer_boundary_arn,
    }
    arns |= {name: lane.queue_arn(name) for kind, name, _ in bodies.values() if kind is DocumentKind.RESOURCE}
    roles = ("function", "machine", "function trust", "machine trust", "scheduler", "scheduler trust", "starter")
    ceilings = dict.fromkeys(roles, lane.boundary_arn)
    ceilings |= dict.fromkeys(("deployer", "deployer trust"), lane.deployer_boundary_arn)
    return {
        key: Document(
            kind,
            name,
            lane.team,
            body,
            attached=arns.get(name) or lane.role_arn(name),
            under=ceilings.get(key, ""),
            guests=lane.access if key == "deployer trust" else NOBODY,
        )
        for key, (kind, name, body) in bodies.items()
    }


@pytest.fixture
def place() -> Place:
    return PLACE


@pytest.fixture
def lane() -> Callable[[str], Lane]:
    return make_lane


@pytest.fixture(scope="session")
def rendered() -> Callable[[str], dict[str, Document]]:
    """Return a function from a slug to the documents of a lane, which are made once and not to be changed."""
    made = functools.cache(lambda team: render(make_lane(team)))
    return lambda team: dict(made(team))


@pytest.fixture(scope="session")
def proof_of() -> Callable[..., Proof]:
    """Return the proof over some documents and scripts."""
    catalogue = load_catalogue()

    def proved(documents: Sequence[Document], scripts: Sequence[Script] = ()) -> Proof:
        return prove(documents, PLACE, NAMES, catalogue, scripts)

    return proved


@pytest.fixture(scope="session")
def simulate() -> Callable[[list[dict[str, Any]]], list[str]]:
    """Return a function from requests to verdicts: Allowed, ExplicitlyDenied, ImplicitlyDenied, or an error."""
    node = shutil.which("node")
    folder = _simulator_folder()
    if not node or not folder:
        pytest.skip(
            f"no second opinion: {SIMULATOR} is in no folder that LANES_IAM_SIMULATE names, nor installed globally"
        )

    def run(requests: list[dict[str, Any]]) -> list[str]:
        done = subprocess.run(
            [node, "-e", _SCRIPT], cwd=folder, input=json.dumps(requests), capture_output=True, text=True, check=True
        )
        verdicts: list[str] = json.loads(done.stdout)
        return verdicts

    return run


def _simulator_folder() -> Path | None:
    """Return the folder whose node_modules has the simulator: the one that is named, else npm's global one."""
    named, npm = os.environ.get("LANES_IAM_SIMULATE"), shutil.which("npm")
    folders = [Path(named)] if named else []
    if not named and npm:
        root = subprocess.run([npm, "root", "-g"], capture_output=True, text=True, check=False).stdout.strip()
        folders.append(Path(root).parent)
    return next((folder for folder in folders if (folder / "node_modules" / SIMULATOR).is_dir()), None)
