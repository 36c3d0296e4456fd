"""Lanes made by hand, a project with code to deploy, and a moto server to deploy it to."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from moto.core.base_backend import BackendDict

from shared.aws.access_key import AccessKey
from shared.aws.client import Aws, connect_endpoint
from shared.config.lane import Function, Lane, Place, Rendezvous, Workflow
from shared.config.runtimes import MACHINE
from shared.local.corrections.corrected import moto_corrected
from shared.local.server import MotoServer
from tests.helpers.in_process import go_straight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PLACE = Place("123456789012", "us-east-1", "dev")
RENDEZVOUS = Rendezvous("rendezvous.uva-ds5110.com", 10000, 3.0, 1.0, 3, 2, "rate(5 minutes)")
DEFINITION = {
    "StartAt": "Init",
    "States": {
        "Init": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "${init}", "Payload.$": "$"},
            "Next": "Ranks",
        },
        "Ranks": {
            "Type": "Map",
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": {"InputType": "JSON"},
                "Parameters": {"Bucket": "${bucket}", "Key.$": "$.manifest"},
            },
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Infer",
                "States": {
                    "Infer": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::lambda:invoke",
                        "Parameters": {"FunctionName": "${infer}", "Payload.$": "$"},
                        "End": True,
                    }
                },
            },
            "End": True,
        },
    },
}


@dataclass(frozen=True)
class Project:
    """What deploy asks of a project."""

    root: Path
    runtime: str = MACHINE


@pytest.fixture
def project(tmp_path: Path) -> Project:
    handlers = tmp_path / "shared/handlers/cosmic"
    handlers.mkdir(parents=True)
    (tmp_path / "shared/__init__.py").touch()
    (tmp_path / "chalice_app").mkdir()
    for step in ("init", "infer"):
        (handlers / f"{step}.py").write_text("def handler(event, context):\n    return event\n")
    triggers = tmp_path / "shared/handlers/triggers"
    triggers.mkdir()
    (triggers / "start.py").write_text("def handler(event, context):\n    return {}\n")
    (tmp_path / "cosmic.asl.json").write_text(json.dumps(DEFINITION))
    return Project(tmp_path)


@pytest.fixture
def make_lane(project: Project) -> Callable[..., Lane]:
    def make(team: str = "team2", place: Place = PLACE, suffix: str = "7078ea12", **changes: Any) -> Lane:
        def name(component: str) -> str:
            return f"{team}-{component}-{suffix}"

        bucket = name("data")
        functions = {
            f"cosmic-{step}": Function(
                key=f"cosmic-{step}",
                name=name(f"cosmic-{step}"),
                handler=f"shared.handlers.cosmic.{step}.handler",
                role=name(f"cosmic-{step}-role"),
                log_group=f"/aws/lambda/{name(f'cosmic-{step}')}",
                memory_mb=512,
                timeout_seconds=60,
                reserved_concurrency=8 if step == "infer" else None,
                environment={"TEAM": team, "STAGE": place.stage, "ACCOUNT": place.account, "BUCKET": bucket},
                workflow="cosmic",
            )
            for step in ("init", "infer")
        }
        workflow = Workflow(
            key="cosmic",
            name=name("cosmic"),
            template=project.root / "cosmic.asl.json",
            role=name("cosmic-stepfunctions-role"),
            log_group=f"/aws/vendedlogs/states/{name('cosmic')}",
            functions={"init": "cosmic-init", "infer": "cosmic-infer"},
            specs=(),
            parameters={},
        )
        lane = Lane(
            team=team,
            owner=f"{team}@example.edu",
            hash=suffix,
            place=place,
            bucket=bucket,
            boundary=f"{team}-boundary-{suffix}",
            deployer=name("deployer"),
            deployer_boundary=name("deployer-boundary"),
            tags={"course": "ds5110"},
            functions=functions,
            workflows={"cosmic": workflow},
            rendezvous=RENDEZVOUS,
            log_retention_days=30,
            scratch_days=7,
        )
        return dataclasses.replace(lane, **changes)

    return make


@pytest.fixture
def lane(make_lane: Callable[..., Lane]) -> Lane:
    return make_lane()


@pytest.fixture(scope="module")
def server() -> Iterator[MotoServer]:
    with moto_corrected(), MotoServer() as server:
        server.start()
        yield server


@pytest.fixture(scope="module")
def connect(server: MotoServer) -> Callable[[], Aws]:
    """Return a function that makes clients of the cloud, which takes 0.1 s."""
    return lambda: go_straight(connect_endpoint(PLACE, server.endpoint, AccessKey("id", "secret")), server.application)


@pytest.fixture
def cloud(server: MotoServer) -> str:
    """The endpoint of a cloud with nothing in it."""
    BackendDict.reset()
    return server.endpoint


@pytest.fixture
def aws(connect: Callable[[], Aws], cloud: str) -> Aws:
    """Clients of a cloud with nothing in it, to do as one likes with."""
    return connect()


@pytest.fixture
def snapshot(aws: Aws) -> Callable[[str], dict[str, object]]:
    """Return a function that reads all that is named ``{team}-...``, down to the objects' bytes."""

    def take(team: str) -> dict[str, object]:
        def mine(name: str) -> bool:
            return name.removeprefix("/aws/lambda/").removeprefix("/aws/vendedlogs/states/").startswith(f"{team}-")

        iam: Any = aws.iam.get_account_authorization_details()
        machines = aws.states.list_state_machines()["stateMachines"]
        groups = aws.logs.describe_log_groups()["logGroups"]
        found = {
            "roles": [role for role in iam["RoleDetailList"] if mine(role["RoleName"])],
            "policies": [
                aws.iam.get_policy_version(PolicyArn=each["Arn"], VersionId=each["DefaultVersionId"])["PolicyVersion"]
                for each in aws.iam.list_policies(Scope="Local")["Policies"]
                if mine(each["PolicyName"])
            ],
            "functions": [
                {**got["Configuration"], "tags": got.get("Tags"), "concurrency": got.get("Concurrency")}
                for each in aws.lambda_.list_functions()["Functions"]
                if mine(each["FunctionName"])
                for got in [aws.lambda_.get_function(FunctionName=each["FunctionName"])]
            ],
            "machines": [
                {
                    **aws.states.describe_state_machine(stateMachineArn=each["stateMachineArn"]),
                    "tags": aws.states.list_tags_for_resource(resourceArn=each["stateMachineArn"])["tags"],
                }
                for each in machines
                if mine(each["name"])
            ],
            "log groups": [
                {**each, "tags": aws.logs.list_tags_for_resource(resourceArn=each["logGroupArn"])["tags"]}
                for each in groups
                if mine(each["logGroupName"])
            ],
            "buckets": [_bucket(aws, each["Name"]) for each in aws.s3.list_buckets()["Buckets"] if mine(each["Name"])],
        }
        plain: dict[str, object] = json.loads(json.dumps(found, default=str), object_hook=_without_metadata)
        return plain

    return take


def _bucket(aws: Aws, name: str) -> dict[str, object]:
    readers = ("tagging", "policy", "versioning", "encryption", "lifecycle_configuration", "ownership_controls")
    return {
        "name": name,
        "settings": [_setting(aws, f"get_bucket_{reader}", name) for reader in readers],
        "objects": [
            (version["Key"], version["VersionId"], version["ETag"])
            for version in aws.s3.list_object_versions(Bucket=name).get("Versions", ())
        ],
    }


def _setting(aws: Aws, method: str, name: str) -> object:
    try:
        return getattr(aws.s3, method)(Bucket=name)
    except ClientError as error:
        return error.response["Error"]["Code"]


def _without_metadata(value: dict[str, object]) -> dict[str, object]:
    return {key: inner for key, inner in value.items() if key != "ResponseMetadata"}
