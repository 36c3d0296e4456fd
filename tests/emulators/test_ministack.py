"""Every sample team on MiniStack: deployed, deployed again, run, destroyed, and nothing left.

Much that moto forgives it does not, and neither does AWS. What it cannot carry itself is in :data:`NOT_CARRIED`, and
each line of that is held to be so still: a version that can is noticed.
"""

import json
import os
import re
import socket
import subprocess
import sys

import pytest

from shared.aws.client import connect_aws
from shared.config.platform import rendezvous_service
from shared.deploy.apply import ApplyError
from shared.deploy.pushed import make_repositories
from shared.deploy.rendezvous.deployment import plan_service_removal, prepare_service
from shared.deploy.watch import Watch
from shared.packages.images.build import write_scratch
from shared.packages.images.layout import Layout

pytestmark = [pytest.mark.workflow, pytest.mark.emulator]

NOT_CARRIED = {
    # what, and what MiniStack 1.5.33 says of it
    "team1 fmi-script": "invalid literal for int() with base 10",  # MaxConcurrency of a distributed Map in JSONata
    "topics item-map": "'>' not supported between instances of 'str' and 'int'",  # TimeoutSeconds in JSONata
    "wssr random-mean": "The specified key does not exist",  # the Key of an ItemReader in JSONata
    "wssr wssr": "Docker is required to invoke Lambda functions",  # no image runs without an engine
}


CARD = """\
description: Counts words, and uses one of every kind.
functions:
  count:
    handler: count.handler
    ephemeralStorage: 1024
    async: {retries: 0, onFailure: {queue: lines}}
    uses:
      bucket: read
      tables: {totals: readwrite}
      queues: {lines: send}
      topics: [done]
      buckets: {raw: write}
      secrets: [token]
      settings: [limit]
tables:
  items: {key: id}
  totals: {key: word, sortKey: day:number, indexes: {by-day: {key: day:number, sortKey: word}}, ttl: expires}
queues: {lines: }
topics: {done: }
buckets: {raw: }
secrets: {token: }
settings: {limit: {value: 10}}
"""
HANDLER = """\
import os
import boto3

def handler(event, context):
    key = {"word": "a", "day": 1}
    boto3.resource("dynamodb").Table(os.environ["TABLE_TOTALS"]).put_item(Item={**key, "n": 2})
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE_LINES"], MessageBody="a a")
    boto3.client("sns").publish(TopicArn=os.environ["TOPIC_DONE"], Message="done")
    boto3.client("s3").put_object(Bucket=os.environ["BUCKET_RAW"], Key="a", Body=b"a a")
    limit = boto3.client("ssm").get_parameter(Name=os.environ["SETTING_LIMIT"])["Parameter"]["Value"]
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["SECRET_TOKEN"])["SecretString"]
    return {"words": 2, "limit": limit, "secret": len(secret)}
"""
DEFINITION = {
    "StartAt": "Count",
    "States": {
        "Count": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "${count}", "Payload.$": "$"},
            "OutputPath": "$.Payload",
            "End": True,
        }
    },
}


@pytest.fixture
def aws(ministack, project, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return connect_aws(project.place, endpoint=ministack)


@pytest.fixture(scope="module")
def meeting(root):
    """A rendezvous of ours on loopback, where ranks meet: the field's own name resolves on no machine of ours."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        port, http_port = one.getsockname()[1], two.getsockname()[1]
    words = ["rendezvous", "serve", "--host", "127.0.0.1", "--port", str(port), "--http-port", str(http_port)]
    command = [sys.executable, "-m", "shared.cli", *words]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        server.stdout.readline()  # it says where it listens once it does
        yield f"127.0.0.1:{port}"
        server.terminate()


@pytest.fixture
def images(aws, ministack, project, tmp_path):
    """The images of wssr, in its repositories: on nothing, as none of them can run there."""
    write_scratch(Layout(tmp_path / "base"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}

    def local(*words):
        command = [sys.executable, "-m", "shared.cli", "images", *words, "--out", str(tmp_path / "images")]
        subprocess.run(command, cwd=project.root, env=environment, check=True, capture_output=True)

    local("build", "wssr", "--base", str(tmp_path / "base"))
    make_repositories(project.lane("wssr"), aws)
    # It tells the registry's name at AWS for its own, so the registry is named.
    local("push", "wssr", "--registry", ministack.removeprefix("http://"))


@pytest.fixture
def database(clients, postgres):
    clients("secretsmanager").create_secret(Name="lanes_platform/database", SecretString=json.dumps(postgres))


def left_of(team, clients):
    """Return all that is named after a team, of every kind that a lane has."""

    def names(service, call, answer, name):
        pages = (
            clients(service).get_paginator(call).paginate()
            if service != "budgets"
            else [clients(service).describe_budgets(AccountId="123456789012")]
        )
        return [each if name is None else each[name] for page in pages for each in page.get(answer, ())]

    found = [
        *names("iam", "list_roles", "Roles", "RoleName"),
        *names("iam", "list_policies", "Policies", "PolicyName"),
        *names("s3", "list_buckets", "Buckets", "Name"),
        *names("lambda", "list_functions", "Functions", "FunctionName"),
        *names("stepfunctions", "list_state_machines", "stateMachines", "name"),
        *names("logs", "describe_log_groups", "logGroups", "logGroupName"),
        *names("budgets", "", "Budgets", "BudgetName"),
        *names("secretsmanager", "list_secrets", "SecretList", "Name"),
        *names("dynamodb", "list_tables", "TableNames", None),
        *names("sqs", "list_queues", "QueueUrls", None),
        *names("sns", "list_topics", "Topics", "TopicArn"),
        *names("ssm", "describe_parameters", "Parameters", "Name"),
        *names("ecr", "describe_repositories", "repositories", "repositoryName"),
        *names("ecs", "list_clusters", "clusterArns", None),
        *names("ecs", "list_task_definitions", "taskDefinitionArns", None),
        *names("ec2", "describe_security_groups", "SecurityGroups", "GroupName"),
        *names("events", "list_rules", "Rules", "Name"),
        *names("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ]
    return [name for name in found if re.search(rf"(^|[/:]){team}[-/]", name)]


def deployed_twice(lanes, team):
    assert "created" in lanes("deploy", team, "--yes").stderr
    again = lanes("deploy", team, "--yes").stderr
    assert f"{team}: nothing to do (" in again, again
    assert lanes("plan", team).stdout.startswith(f"{team} on http://127.0.0.1:")


def destroyed(lanes, team, clients):
    lanes("destroy", team, "--yes")
    assert left_of(team, clients) == []
    assert f"{team}: nothing there" in lanes("destroy", team, "--yes").stderr


def not_carried(lanes, team, workflow, *words):
    failed = lanes("run", team, workflow, *words, code=1)
    assert NOT_CARRIED[f"{team} {workflow}"] in failed.stderr


def test_a_workflow_that_owns_some_of_every_kind_is_deployed_run_and_destroyed(lanes, root, clients):
    (root / "teams/words.yaml").write_text("team: words\nowner: words@example.edu\n", encoding="utf-8")
    folder = root / "teams/words/count"
    folder.mkdir(parents=True)
    for name, text in {"workflow.yaml": CARD, "count.py": HANDLER, "workflow.asl.json": json.dumps(DEFINITION)}.items():
        (folder / name).write_text(text, encoding="utf-8")
    deployed_twice(lanes, "words")
    lanes("secret", "set", "words", "token", "-", given="k3y")
    outcome = json.loads(lanes("run", "words", "count", "--json").stdout)
    assert (outcome["status"], outcome["output"]) == ("SUCCEEDED", {"words": 2, "limit": "10", "secret": 3})
    destroyed(lanes, "words", clients)


def test_team2_is_deployed_run_and_destroyed(lanes, clients, meeting):
    deployed_twice(lanes, "team2")
    lanes("data", "upload", "team2")
    words = ("--world-size", 4, "--batch-size", 128, "--rendezvous-endpoint", meeting, "--json")
    outcome = json.loads(lanes("run", "team2", "cosmic", *words).stdout)
    assert (outcome["status"], outcome["records"]) == ("SUCCEEDED", 1250)
    listed = json.loads(lanes("runs", "team2", "--json").stdout)
    assert [each["status"] for each in listed] == ["SUCCEEDED"]
    destroyed(lanes, "team2", clients)


def test_team1_is_deployed_and_destroyed(lanes, clients, meeting, root):
    deployed_twice(lanes, "team1")
    script = root / "statemachines/samples/fmi-collectives.py"
    words = ("--world-size", 4, "--script", script, "--rendezvous-endpoint", meeting)
    not_carried(lanes, "team1", "fmi-script", *words)
    destroyed(lanes, "team1", clients)


def test_topics_is_deployed_and_destroyed(lanes, clients, root):
    deployed_twice(lanes, "topics")
    lanes("items", "load", "topics", root / "statemachines/samples/simplelist.json")
    not_carried(lanes, "topics", "item-map", "--waitDurationSeconds", 0)
    destroyed(lanes, "topics", clients)


def test_wssr_is_deployed_with_images_and_a_database_and_destroyed(lanes, clients, images, database):
    deployed_twice(lanes, "wssr")
    not_carried(lanes, "wssr", "random-mean", "--repetitions", 5)
    not_carried(lanes, "wssr", "wssr", "--iterations", 2)
    destroyed(lanes, "wssr", clients)


def test_the_rendezvous_is_deployed_until_its_task_is_awaited_and_destroyed(lanes, clients, aws, project):
    """It starts no container without an engine, so no task is ever healthy: the wait says so, and ends."""
    refused = lanes("rendezvous", "deploy", "--yes", code=1)
    assert "no public hosted zone uva-ds5110.com" in refused.stderr
    clients("route53").create_hosted_zone(Name="uva-ds5110.com", CallerReference="ours")
    service, told = rendezvous_service(project), []
    for stops_at in (f"create service {service.service}", "create record rendezvous.uva-ds5110.com"):
        todo = prepare_service(service, project, aws).plan()
        with pytest.raises(ApplyError, match="ECS has nothing left to do, and after 180 s") as stopped:
            prepare_service(service, project, aws).carry_out(
                todo, Watch(on_wait=told.append, sleep=lambda _seconds: None)
            )
        assert str(stopped.value).startswith(f"could not {stops_at}: ")
    assert told[0].endswith("its rollout is COMPLETED, and no task of it runs")
    made = [step for step in prepare_service(service, project, aws).plan().steps if step.action == "nothing"]
    assert len(made) >= 12
    lanes("rendezvous", "destroy", "--yes")
    assert plan_service_removal(service, aws).changes == ()
    assert left_of("platform", clients) == ["platform/rendezvous-master"]  # every team's key hangs on it
