"""A cloud that is kept: what is in it after it has ended and another one has begun."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time

import pytest
from botocore.exceptions import ClientError
from moto.sqs.models import sqs_backends

from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.errors import LanesError
from shared.local.cloud import EmbeddedCloud
from shared.local.triggers.queues import Recent
from tests.helpers.in_process import go_straight

PLACE = Place("123456789012", "us-east-1", "dev")


@contextlib.contextmanager
def kept(folder, **settings):
    with EmbeddedCloud(PLACE, folder, persist=True, **settings) as cloud:
        yield go_straight(connect_endpoint(PLACE, cloud.endpoint, cloud.key), cloud.application)


def role(aws, name, service, *actions):
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    aws.iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document(trust))
    allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    aws.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=_document(allowed))
    return PLACE.arn("iam", f"role/{name}")


def _document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def machine(aws, name, state):
    definition = {"StartAt": "S", "States": {"S": {**state, **({} if state["Type"] == "Fail" else {"End": True})}}}
    arn = PLACE.arn("iam", "role/machines")
    return aws.client("stepfunctions").create_state_machine(name=name, definition=json.dumps(definition), roleArn=arn)[
        "stateMachineArn"
    ]


def ended(machines, arn):
    deadline = time.monotonic() + 120
    while (told := machines.describe_execution(executionArn=arn))["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return told


def test_what_is_in_it_is_there_again(tmp_path):
    with kept(tmp_path) as aws:
        aws.s3.create_bucket(Bucket="data")
        aws.s3.put_object(Bucket="data", Key="large", Body=bytes(range(256)) * 10_000)
        aws.client("dynamodb").create_table(
            TableName="t",
            KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        aws.client("dynamodb").put_item(TableName="t", Item={"a": {"S": "1"}})
        aws.client("ssm").put_parameter(Name="p", Value="v", Type="String")
        aws.client("secretsmanager").create_secret(Name="s", SecretString="hidden")
        role(aws, "r", "lambda.amazonaws.com", "s3:*")
    for _ in range(2):  # and once more, from what the second one kept
        with kept(tmp_path) as aws:
            assert aws.s3.get_object(Bucket="data", Key="large")["Body"].read() == bytes(range(256)) * 10_000
            assert aws.client("dynamodb").scan(TableName="t")["Items"] == [{"a": {"S": "1"}}]
            assert aws.client("ssm").get_parameter(Name="p")["Parameter"]["Value"] == "v"
            assert aws.client("secretsmanager").get_secret_value(SecretId="s")["SecretString"] == "hidden"
            assert aws.iam.get_role_policy(RoleName="r", PolicyName="p")["PolicyDocument"]
            aws.client("ssm").put_parameter(Name="p", Value="v", Type="String", Overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "scratch"]


def test_a_bucket_that_is_made_once_more_keeps_what_is_in_it(tmp_path):
    with kept(tmp_path) as aws:
        aws.s3.create_bucket(Bucket="data")
        aws.s3.put_object(Bucket="data", Key="k", Body=b"1")
        upload = aws.s3.create_multipart_upload(Bucket="data", Key="m")["UploadId"]
    with kept(tmp_path) as aws:
        aws.s3.create_bucket(Bucket="data")  # us-east-1 says yes to its owner and changes nothing
        assert aws.s3.get_object(Bucket="data", Key="k")["Body"].read() == b"1"
        assert [each["UploadId"] for each in aws.s3.list_multipart_uploads(Bucket="data")["Uploads"]] == [upload]


def test_without_keep_it_begins_empty_and_leaves_what_was_kept_alone(tmp_path):
    with kept(tmp_path) as aws:
        aws.s3.create_bucket(Bucket="data")
    with EmbeddedCloud(PLACE, tmp_path) as cloud:
        assert connect_endpoint(PLACE, cloud.endpoint, cloud.key).s3.list_buckets()["Buckets"] == []
    with kept(tmp_path) as aws:
        assert [each["Name"] for each in aws.s3.list_buckets()["Buckets"]] == ["data"]


def test_messages_under_way_are_visible_again_and_receipts_still_delete(tmp_path):
    with kept(tmp_path) as aws:
        sqs = aws.client("sqs")
        sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "3600"})
        url = sqs.get_queue_url(QueueName="q")["QueueUrl"]
        for body in ("one", "two"):
            sqs.send_message(QueueUrl=url, MessageBody=body)
        received = sqs.receive_message(QueueUrl=url)["Messages"][0]
        assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1
    with kept(tmp_path) as aws:
        sqs = aws.client("sqs")
        url = sqs.get_queue_url(QueueName="q")["QueueUrl"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=received["ReceiptHandle"])
        queue = sqs_backends[PLACE.account][PLACE.region].queues["q"]
        assert isinstance(queue.deleted_messages, Recent)  # which remembers few, and not ever more
        again = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])["Messages"]
        assert [each["Body"] for each in again] == ["two"]
        assert again[0]["Attributes"]["ApproximateReceiveCount"] == "2"


def test_executions_that_ran_begin_again_and_those_that_ended_are_read_as_before(tmp_path):
    with kept(tmp_path) as aws:
        machines = aws.client("stepfunctions")
        role(aws, "machines", "states.amazonaws.com", "s3:GetObject")
        arns = {
            name: machines.start_execution(
                stateMachineArn=machine(aws, name, state), name="first", input=json.dumps({"items": [1, 2]})
            )["executionArn"]
            for name, state in {
                "passes": {"Type": "Pass"},
                "fails": {"Type": "Fail", "Error": "Ours", "Cause": "told"},
                "waits": {"Type": "Wait", "Seconds": 1_000_000},
            }.items()
        }
        before = {name: ended(machines, arns[name]) for name in ("passes", "fails")}
    with kept(tmp_path, speed=1e7) as aws:
        machines = aws.client("stepfunctions")
        for name, told in before.items():
            now = machines.describe_execution(executionArn=arns[name])
            assert {**now, "ResponseMetadata": 0} == {**told, "ResponseMetadata": 0}
            events = machines.get_execution_history(executionArn=arns[name])["events"]
            assert events[0]["type"] == "ExecutionStarted"
        assert ended(machines, arns["waits"])["status"] == "SUCCEEDED"
        with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
            machines.start_execution(
                stateMachineArn=arns["passes"].replace("execution", "stateMachine").rpartition(":")[0],
                name="first",
                input='{"x": 1}',
            )
        assert machines.redrive_execution(executionArn=arns["fails"])["redriveDate"]
        assert ended(machines, arns["fails"])["error"] == "Ours"


def test_versions_aliases_activities_and_tags_are_kept_and_a_number_is_not_given_again(tmp_path):
    with kept(tmp_path) as aws:
        machines = aws.client("stepfunctions")
        role(aws, "machines", "states.amazonaws.com", "s3:GetObject")
        arn = machine(aws, "m", {"Type": "Pass"})
        first = machines.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"]
        routes = [{"stateMachineVersionArn": first, "weight": 100}]
        alias = machines.create_state_machine_alias(name="live", routingConfiguration=routes)["stateMachineAliasArn"]
        tracing = {"enabled": True}
        second = machines.update_state_machine(stateMachineArn=arn, tracingConfiguration=tracing, publish=True)
        machines.delete_state_machine_version(stateMachineVersionArn=second["stateMachineVersionArn"])
        activity = machines.create_activity(name="a", tags=[{"key": "k", "value": "v"}])["activityArn"]
    with kept(tmp_path) as aws:
        machines = aws.client("stepfunctions")
        assert machines.describe_state_machine(stateMachineArn=arn)["revisionId"] == second["revisionId"]
        assert machines.describe_state_machine_alias(stateMachineAliasArn=alias)["routingConfiguration"] == routes
        assert machines.list_tags_for_resource(resourceArn=activity)["tags"] == [{"key": "k", "value": "v"}]
        published = machines.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"]
        assert published == f"{arn}:3"
        assert ended(machines, machines.start_execution(stateMachineArn=alias)["executionArn"])["status"] == "SUCCEEDED"


@pytest.mark.parametrize("jsonata", [False, True])
def test_a_distributed_map_that_failed_is_redriven_after_a_restart(tmp_path, jsonata):
    state = {
        "Type": "Map",
        **({"Items": "{% $states.input.items %}"} if jsonata else {"ItemsPath": "$.items"}),
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "B",
            "States": {"B": {"Type": "Fail", "Error": "Inner"}},
        },
        **({"QueryLanguage": "JSONata"} if jsonata else {}),
    }
    with kept(tmp_path) as aws:
        machines = aws.client("stepfunctions")
        role(aws, "machines", "states.amazonaws.com", "states:*")
        arn = machines.start_execution(stateMachineArn=machine(aws, "maps", state), input='{"items": [1, 2, 3]}')
        assert ended(machines, arn["executionArn"])["status"] == "FAILED"
        run = machines.list_map_runs(executionArn=arn["executionArn"])["mapRuns"][0]["mapRunArn"]
    with kept(tmp_path) as aws:
        machines = aws.client("stepfunctions")
        assert machines.describe_map_run(mapRunArn=run)["itemCounts"]["failed"] >= 1
        machines.redrive_execution(executionArn=arn["executionArn"])
        assert ended(machines, arn["executionArn"])["status"] == "FAILED"
        assert machines.describe_map_run(mapRunArn=run)["redriveCount"] == 1


def journal_of(tmp_path):
    return contextlib.closing(sqlite3.connect(tmp_path / "kept" / "data" / "tables.db", isolation_level=None))


def buckets(aws):
    return [each["Name"] for each in aws.s3.list_buckets()["Buckets"]]


def test_what_another_version_of_moto_kept_is_refused_with_the_fix(tmp_path):
    with kept(tmp_path) as aws:
        aws.s3.create_bucket(Bucket="data")
    with journal_of(tmp_path) as journal:
        journal.execute("UPDATE versions SET version = '1.0'")
    with pytest.raises(LanesError, match=r"is of moto 1.0, and this is moto") as caught, kept(tmp_path):
        pass
    assert "pip install moto==1.0" in caught.value.fix


def test_what_another_layout_kept_is_refused_with_the_fix(tmp_path):
    with kept(tmp_path) as aws:
        aws.s3.create_bucket(Bucket="data")
    with journal_of(tmp_path) as journal:
        journal.execute("PRAGMA user_version = 99")
    with pytest.raises(LanesError, match="its layout is 99") as caught, kept(tmp_path):
        pass
    assert caught.value.fix


def test_what_was_kept_as_one_file_is_refused_with_the_fix(tmp_path):
    (tmp_path / "kept").mkdir(mode=0o700)
    (tmp_path / "kept" / "current").write_text("cloud-1")
    with pytest.raises(LanesError, match="an earlier version") as caught, kept(tmp_path):
        pass
    assert caught.value.fix


@pytest.mark.parametrize("way", ["copied", "linked", "a linked file"])
def test_what_others_may_have_written_is_not_read(tmp_path, way):
    with kept(tmp_path) as aws:
        aws.s3.create_bucket(Bucket="data")
    folder, elsewhere = tmp_path / "kept", tmp_path / "elsewhere"
    moved = {"linked": folder / "data", "a linked file": folder / "data" / "tables.db"}.get(way)
    if moved is None:
        folder.chmod(0o755)  # as a clone of a repository has it
    else:
        moved.rename(elsewhere)
        moved.symlink_to(elsewhere)
    with pytest.raises(LanesError, match="goes on only with what it kept itself") as caught, kept(tmp_path):
        pass
    assert caught.value.fix == "remove it, and begin anew"


def test_a_start_that_fails_leaves_what_was_kept_alone(tmp_path):
    with kept(tmp_path) as aws:
        aws.s3.create_bucket(Bucket="data")
    with journal_of(tmp_path) as journal:
        number, whole = journal.execute("SELECT id, state FROM units ORDER BY length(state) DESC").fetchone()
        journal.execute("UPDATE units SET state = ? WHERE id = ?", (whole[:-10], number))
    with pytest.raises(LanesError, match="cannot be read"), kept(tmp_path):
        pass
    with journal_of(tmp_path) as journal:
        journal.execute("UPDATE units SET state = ? WHERE id = ?", (whole, number))
    with kept(tmp_path) as aws:
        assert buckets(aws) == ["data"]


def test_what_cannot_be_written_is_not_acknowledged_and_the_rest_stays(tmp_path):
    from moto.ssm.models import ssm_backends

    with (tmp_path / "a file").open("w") as file:
        with kept(tmp_path) as aws:
            aws.s3.create_bucket(Bucket="data")
            backend = ssm_backends[PLACE.account][PLACE.region]
            backend.unwritable = file
            with pytest.raises(ClientError, match="could not write this down"):
                aws.client("ssm").put_parameter(Name="p", Value="v", Type="String")
            del backend.unwritable
            aws.s3.create_bucket(Bucket="more")
        with kept(tmp_path) as aws:
            assert buckets(aws) == ["data", "more"]
            assert aws.client("ssm").get_parameter(Name="p")["Parameter"]["Value"] == "v"


def test_secrets_of_a_database_that_is_gone_go_too(tmp_path, caplog):
    with kept(tmp_path) as aws:
        secrets = aws.client("secretsmanager")
        secrets.create_secret(Name="here", SecretString=json.dumps({"engine": "postgres", "host": "127.0.0.1"}))
        secrets.create_secret(Name="elsewhere", SecretString=json.dumps({"engine": "postgres", "host": "db.example"}))
    with kept(tmp_path) as aws:
        assert [each["Name"] for each in aws.client("secretsmanager").list_secrets()["SecretList"]] == ["elsewhere"]
    assert "the secret here leads to was not kept" in caplog.text
