"""Lanes made by hand, a project with code to deploy, and a moto server to deploy it to."""

from __future__ import annotations

import dataclasses
import json
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from moto.server import ThreadedMotoServer

from shared.config.lane import Function, Lane, Place, Rendezvous, Workflow
from shared.deploy.aws import Aws, connect_endpoint

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


@pytest.fixture
def project(tmp_path: Path) -> Project:
    app = tmp_path / "chalice_app"
    handlers = app / "vendor/shared/handlers/cosmic"
    handlers.mkdir(parents=True)
    for step in ("init", "infer"):
        (handlers / f"{step}.py").write_text("def handler(event, context):\n    return event\n")
    (app / "requirements.txt").write_text("numpy\n")
    (tmp_path / "cosmic.asl.json").write_text(json.dumps(DEFINITION))
    return Project(tmp_path)


@pytest.fixture
def make_lane(project: Project) -> Callable[..., Lane]:
    def make(team: str = "team2", place: Place = PLACE, suffix: str = "7078ea12", **changes: object) -> Lane:
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
            tags={"course": "ds5110"},
            functions=functions,
            workflows={"cosmic": workflow},
            rendezvous=RENDEZVOUS,
            log_retention_days=30,
            scratch_days=7,
        )
        return dataclasses.replace(lane, **changes)  # type: ignore[arg-type]  # each by its name

    return make


@pytest.fixture
def lane(make_lane: Callable[..., Lane]) -> Lane:
    return make_lane()


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def cloud(endpoint: str) -> str:
    request = urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")
    urllib.request.urlopen(request).close()
    return endpoint


@pytest.fixture
def aws(cloud: str) -> Aws:
    return connect_endpoint(PLACE, cloud)
