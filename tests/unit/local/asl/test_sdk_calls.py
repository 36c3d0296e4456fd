"""Calls of other services: what is sent, what comes back, and how they fail, with moto as the embedded cloud has it."""

import json

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from shared.local.asl.services import Services
from shared.local.corrections.corrected import moto_corrected

ENDPOINT = "http://127.0.0.1:4600"
KEYS = {"aws_access_key_id": "lanes", "aws_secret_access_key": "lanes"}
CONFIG = Config(
    parameter_validation=False,
    retries={"total_max_attempts": 1},
    response_checksum_validation="when_required",
    s3={"addressing_style": "path"},
)


class MotoServices(Services):
    def client(self, service, region, _role=""):
        return boto3.client(service, region_name=region, config=CONFIG, **KEYS)


@pytest.fixture
def cloud(world):
    """The world, whose services are moto's."""
    with mock_aws(), moto_corrected():
        world.engine.services = MotoServices(ENDPOINT)
        yield world


@pytest.fixture
def aws(cloud):
    return lambda service: cloud.engine.services.client(service, "us-east-1")


@pytest.fixture
def table(aws):
    aws("dynamodb").create_table(
        TableName="items",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return aws("dynamodb")


@pytest.fixture
def run(cloud):
    """Return a function that runs a task of a resource with parameters."""

    def task(resource, **parameters):
        state = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters, "End": True}
        return cloud.run({"StartAt": "T", "States": {"T": state}})

    return task


def test_an_error_that_the_sdk_has_no_class_for_is_the_services_base_exception(run, table):
    wrong = {"TableName": "items", "Key": {"id": {"S": "1"}}, "UpdateExpression": "SET a = :missing"}
    first, second = run("dynamodb:updateItem", **wrong), run("aws-sdk:dynamodb:updateItem", **wrong)
    assert (first.error, second.error) == ("DynamoDB.AmazonDynamoDBException", "DynamoDb.DynamoDbException")
    assert "(Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ValidationException; Request ID: " in first.cause
    assert "(Service: DynamoDb, Status Code: 400, Request ID: " in second.cause


def test_an_error_that_it_has_a_class_for_is_named_so(run, cloud):
    missing = {"TableName": "none", "Key": {"id": {"S": "1"}}}
    assert run("dynamodb:getItem", **missing).error == "DynamoDB.ResourceNotFoundException"
    assert run("aws-sdk:dynamodb:getItem", **missing).error == "DynamoDb.ResourceNotFoundException"
    assert run("aws-sdk:s3:getObject", Bucket="none", Key="k").error == "S3.NoSuchBucketException"


def test_a_name_that_no_table_can_have_is_told_before_the_table_is_looked_for(run, cloud):
    execution = run("dynamodb:putItem", TableName="/items", Item={"id": {"S": "1"}})
    assert execution.error == "DynamoDB.AmazonDynamoDBException"
    assert execution.cause.startswith(
        "1 validation error detected: Value '/items' at 'tableName' failed to satisfy constraint: Member must satisfy "
        "regular expression pattern: [a-zA-Z0-9_.-]+ (Service: AmazonDynamoDBv2; Status Code: 400; "
    )


def test_plain_text_is_an_attribute_value_and_text_and_numbers_stand_for_each_other(run, table):
    run(
        "dynamodb:putItem", TableName="items", Item={"id": "1", "l": {"L": ["a"]}, "n": {"N": 5}, "b": {"BOOL": "true"}}
    )
    item = table.get_item(TableName="items", Key={"id": {"S": "1"}})["Item"]
    assert item == {"id": {"S": "1"}, "l": {"L": [{"S": "a"}]}, "n": {"N": "5"}, "b": {"BOOL": True}}


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"id": 5}, "id"),
        ({"id": ["1"]}, "id"),
        ({"id": {"L": "a"}}, "L"),
        ({"id": {"BOOL": "perhaps"}}, "BOOL"),
        ({"id": {"M": []}}, "M"),
        ("text", "Item"),
    ],
)
def test_a_value_that_cannot_be_read_fails_before_anything_is_scheduled(run, table, types, item, field):
    execution = run("dynamodb:putItem", TableName="items", Item=item)
    assert execution.error == "States.Runtime"
    assert execution.cause.endswith(
        f"could not be used to start the Task: [The value of the field '{field}' has an invalid format]"
    )
    assert "TaskScheduled" not in types(execution)


def test_version_2_of_the_sdk_takes_no_plain_text_for_an_attribute_value(run, table):
    assert run("aws-sdk:dynamodb:putItem", TableName="items", Item={"id": "1"}).error == "States.Runtime"


def test_version_2_calls_null_nul_both_ways(run, table):
    run("aws-sdk:dynamodb:putItem", TableName="items", Item={"id": {"S": "1"}, "n": {"Nul": True}, "b": {"Bool": True}})
    found = run("aws-sdk:dynamodb:getItem", TableName="items", Key={"id": {"S": "1"}}).output["Item"]
    assert found == {"id": {"S": "1"}, "n": {"Nul": True}, "b": {"Bool": True}}
    assert run("dynamodb:getItem", TableName="items", Key={"id": "1"}).output["Item"]["n"] == {"NULL": True}


@pytest.mark.parametrize("name", ["tableName", "TABLENAME", "Table"])
def test_members_are_written_in_pascal_case(run, table, name):
    execution = run("aws-sdk:dynamodb:getItem", **{name: "items"}, Key={})
    assert f'The field "{name}" is not supported by Step Functions' in execution.cause
    assert 'The field "TableName" is required but was missing' in execution.cause


def test_capacity_is_told_to_those_who_ask(run, table):
    update = {"TableName": "items", "Key": {"id": "1"}, "UpdateExpression": "SET a = :a"}
    update["ExpressionAttributeValues"] = {":a": "1"}
    assert "ConsumedCapacity" not in run("dynamodb:updateItem", **update).output
    assert "ConsumedCapacity" in run("dynamodb:updateItem", **update, ReturnConsumedCapacity="TOTAL").output


@pytest.mark.parametrize(
    ("body", "content"),
    [("abc", b'"abc"'), (["a", 1], b'["a",1]'), (False, b"false"), ({"a": "ö"}, '{"a":"ö"}'.encode())],
)
def test_the_content_of_an_object_is_json(run, aws, body, content):
    aws("s3").create_bucket(Bucket="bucket")
    output = run("aws-sdk:s3:putObject", Bucket="bucket", Key="k", Body=body).output
    assert aws("s3").get_object(Bucket="bucket", Key="k")["Body"].read() == content
    assert output["ServerSideEncryption"] == "AES256"
    assert (output["ChecksumType"], len(output["ChecksumCRC32"])) == ("FULL_OBJECT", 8)
    found = run("aws-sdk:s3:getObject", Bucket="bucket", Key="k").output
    assert {"AcceptRanges", "Body", "ContentLength", "ContentType", "ETag", "LastModified", "Metadata",
            "ServerSideEncryption"} == set(found)  # fmt: skip


def test_a_bucket_that_s3_could_not_have_fails_as_s3_says(run, cloud):
    execution = run("aws-sdk:s3:getObject", Bucket="no bucket", Key="k")
    assert execution.error == "S3.S3Exception"
    assert execution.cause.startswith("The specified bucket is not valid. (Service: S3, Status Code: 400, Request ID: ")


def test_an_answer_without_a_body_has_the_sdks_class_and_no_message(run, aws):
    aws("s3").create_bucket(Bucket="bucket")
    execution = run("aws-sdk:s3:headObject", Bucket="bucket", Key="none")
    assert execution.error == "S3.NoSuchKeyException"
    assert execution.cause.startswith("null (Service: S3, Status Code: 404, Request ID: ")
    assert run("aws-sdk:s3:headBucket", Bucket="none").error == "S3.NoSuchBucketException"


def test_a_part_of_the_path_that_is_null_is_never_sent(run, cloud):
    execution = run("aws-sdk:s3:getObject", Bucket="bucket", Key=None)
    assert (execution.error, execution.cause) == ("S3.SdkClientException", "Parameter 'Key' must not be null")


def test_a_queue_on_a_host_that_nobody_knows_is_never_sent_to(run, cloud):
    execution = run("sqs:sendMessage", QueueUrl="http://no-such-host/queue", MessageBody="m")
    assert (execution.error, execution.cause) == (
        "SQS.SdkClientException",
        "Unable to execute HTTP request: no-such-host: Name or service not known",
    )
    second = run("aws-sdk:sqs:sendMessage", QueueUrl="http://no-such-host/queue", MessageBody="m")
    assert second.error == "Sqs.SdkClientException"
    assert second.cause.startswith("Received an UnknownHostException when attempting to interact with a service.")


@pytest.mark.parametrize("host", ["http://127.0.0.1:4600", "https://sqs.us-east-1.amazonaws.com"])
def test_a_queue_that_is_not_there_is_named(run, cloud, host):
    execution = run("sqs:sendMessage", QueueUrl=f"{host}/123456789012/none", MessageBody="m")
    assert execution.error == "SQS.QueueDoesNotExistException"
    assert (
        "(Service: AmazonSQS; Status Code: 400; Error Code: AWS.SimpleQueueService.NonExistentQueue;" in execution.cause
    )


def test_a_topic_that_is_not_there_is_no_endpoint(run, cloud):
    execution = run("sns:publish", TopicArn="arn:aws:sns:us-east-1:123456789012:none", Message="m")
    assert execution.error == "SNS.NotFoundException"
    assert execution.cause.startswith(
        "Topic does not exist (Service: AmazonSNS; Status Code: 404; Error Code: NotFound; Request ID: "
    )
    assert run("sns:publish", TopicArn="none", Message="m").error == "SNS.InvalidParameterException"


def test_a_detail_that_is_no_object_fails_the_entry(run, cloud):
    entry = {"Source": "s", "DetailType": "d", "Detail": [1]}
    execution = run("events:putEvents", Entries=[entry, {**entry, "Detail": {"a": 1}}])
    assert execution.error == "EventBridge.FailedEntry"
    told = json.loads(execution.cause)
    assert told["FailedEntryCount"] == 1
    assert told["Entries"][0] == {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}


def test_a_null_that_must_not_be_is_named_as_services_do(run, cloud):
    execution = run("aws-sdk:kms:encrypt", KeyId=None, Plaintext=None)
    assert execution.error == "Kms.KmsException"
    assert execution.cause.startswith(
        "2 validation errors detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null; "
        "Value null at 'plaintext' failed to satisfy constraint: Member must not be null (Service: Kms, Status"
    )


def test_the_older_protocol_and_sqs_have_other_words_for_it(run, cloud):
    message = run("sns:publish", TopicArn="arn:aws:sns:us-east-1:123456789012:t", Message=None)
    assert message.error == "SNS.AmazonSNSException"
    assert message.cause.startswith(
        "1 validation error detected: Value null at 'message' failed to satisfy constraint: "
    )
    assert "Error Code: ValidationError; " in message.cause
    queue = run("sqs:sendMessage", QueueUrl=None, MessageBody="m")
    assert queue.error == "SQS.AmazonSQSException"
    assert queue.cause.startswith(
        "The request must contain the parameter QueueUrl. (Service: AmazonSQS; Status Code: 400"
    )
    assert "Error Code: MissingParameter; " in queue.cause


@pytest.mark.parametrize("entries", [None, "text", [None], [1], {}])
def test_entries_that_are_none_fail_without_a_word_of_pythons(run, cloud, entries):
    execution = run("events:putEvents", Entries=entries)
    assert execution.status == "FAILED"
    assert "embedded cloud" not in execution.cause


def test_what_the_cloud_does_not_answer_is_told_without_a_word_of_pythons(world):
    class Down(Services):
        def client(self, service, region, _role=""):
            return boto3.client(service, region_name=region, endpoint_url="http://127.0.0.1:9", config=CONFIG, **KEYS)

    world.engine.services = Down("http://127.0.0.1:9")
    task = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:listBuckets", "Parameters": {}, "End": True}
    execution = world.run({"StartAt": "T", "States": {"T": task}})
    assert (execution.error, execution.cause) == (
        "S3.SdkClientException",
        "Unable to execute HTTP request: the embedded cloud did not answer ListBuckets",
    )
