"""A request is read as what was sent, and a request that can be read in two ways is refused."""

import gzip
import random
from dataclasses import replace

import pytest

from shared.local.calls.call import CallNotReadError
from shared.local.calls.models import model_of
from shared.local.calls.read import read_call
from shared.local.calls.request import Request
from tests.helpers.wire import request_of, structure, without_empties

TOUCHED = (
    "athena",
    "budgets",
    "cloudformation",
    "cloudwatch",
    "dynamodb",
    "dynamodbstreams",
    "ec2",
    "ecr",
    "ecs",
    "events",
    "glue",
    "iam",
    "kms",
    "lambda",
    "logs",
    "resourcegroupstaggingapi",
    "route53",
    "s3",
    "s3control",
    "scheduler",
    "secretsmanager",
    "service-quotas",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
    "sts",
    "xray",
)
# Operations that AWS renamed, at the same place. The new one is read; it has the same action.
RENAMED = {
    "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
    "ListDirectoryBuckets": "ListBuckets",  # it has another host, which is not here
}


@pytest.mark.parametrize("service", TOUCHED)
def test_every_operation_is_read_back_with_its_parameters(service):
    model, rng = model_of(service), random.Random(service)
    for protocol in model.metadata.get("protocols") or [model.metadata["protocol"]]:
        for name in model.operation_names:
            operation = model.operation_model(name)
            sent = structure(operation.input_shape, rng) if operation.input_shape else {}
            call = read_call(model.signing_name, "eu-west-1", request_of(operation, sent, protocol))
            assert (call.service, call.operation) == (service, RENAMED.get(name, name)), protocol
            if name in RENAMED and service == "s3":
                continue
            got = without_empties(dict(call.parameters))
            got.pop("ContentLength", None)  # botocore adds the header
            wanted = without_empties(sent)
            wanted.pop("ContentLength", None)
            assert got == wanted, (name, protocol)


def test_a_body_is_opened_only_when_somebody_asks(send):
    def broken(request):
        return replace(request, body=b"no document")

    call = send("s3", "PutBucketPolicy", Bucket="b", Policy="{}", change=broken)
    assert call.parameters["Bucket"] == "b"
    assert call.parameters["Policy"] == "no document"
    call = send("lambda", "UpdateFunctionCode", FunctionName="f", ZipFile=b"", change=broken)
    assert call.parameters["FunctionName"] == "f"
    with pytest.raises(CallNotReadError, match="not JSON"):
        call.parameters["ZipFile"]


def test_the_body_of_an_object_is_handed_on_as_it_is(send):
    body = bytes(6_000_000)
    assert send("s3", "PutObject", Bucket="b", Key="k", Body=body).parameters["Body"] is not None
    assert len(send("s3", "PutObject", Bucket="b", Key="k", Body=body).parameters["Body"]) == len(body)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/b/a/b", "a/b"),
        ("/b/a/", "a/"),
        ("/b//a", "/a"),
        ("/b/a%2Fb", "a/b"),
        ("/b/%C3%BC%20x", "ü x"),
        ("/b/a//", "a//"),
    ],
)
def test_keys_of_objects_keep_their_slashes(path, key):
    call = read_call("s3", "us-east-1", Request("GET", path, "", {}, b""))
    assert (call.operation, call.parameters["Key"]) == ("GetObject", key)


@pytest.mark.parametrize("path", ["/b", "/b/"])
def test_a_slash_after_a_bucket_is_no_key(path):
    assert read_call("s3", "us-east-1", Request("PUT", path, "", {}, b"")).operation == "CreateBucket"


@pytest.mark.parametrize(
    ("host", "path", "bucket", "key"),
    [
        ("127.0.0.1:5000", "/b/k", "b", "k"),
        ("localhost:5000", "/b/k", "b", "k"),
        ("b.localhost:5000", "/k", "b", "k"),
        ("b.s3.localhost", "/k/l", "b", "k/l"),
        ("[::1]:5000", "/b/k", "b", "k"),
    ],
)
def test_a_bucket_may_be_in_the_host(host, path, bucket, key):
    call = read_call("s3", "us-east-1", Request("GET", path, "", {"host": host}, b""))
    assert (call.parameters["Bucket"], call.parameters["Key"]) == (bucket, key)


@pytest.mark.parametrize(
    ("method", "path", "query", "operation"),
    [
        ("GET", "/b", "", "ListObjects"),
        ("GET", "/b", "list-type=2&prefix=x", "ListObjectsV2"),
        ("GET", "/b", "policy", "GetBucketPolicy"),
        ("GET", "/b", "policyStatus", "GetBucketPolicyStatus"),
        ("GET", "/b", "inventory", "ListBucketInventoryConfigurations"),
        ("GET", "/b", "inventory&id=1", "GetBucketInventoryConfiguration"),
        ("GET", "/b", "uploads", "ListMultipartUploads"),
        ("GET", "/b", "versions", "ListObjectVersions"),
        ("POST", "/b", "delete", "DeleteObjects"),
        ("POST", "/b/k", "uploads", "CreateMultipartUpload"),
        ("POST", "/b/k", "uploadId=1", "CompleteMultipartUpload"),
        ("PUT", "/b/k", "uploadId=1&partNumber=1", "UploadPart"),
        ("GET", "/b/k", "uploadId=1", "ListParts"),
        ("DELETE", "/b/k", "uploadId=1", "AbortMultipartUpload"),
        ("HEAD", "/b/k", "", "HeadObject"),
    ],
)
def test_what_a_query_says_of_a_bucket_or_an_object(method, path, query, operation):
    assert read_call("s3", "us-east-1", Request(method, path, query, {}, b"")).operation == operation


def test_a_copy_is_told_by_its_header():
    headers = {"x-amz-copy-source": "/c/d"}
    assert read_call("s3", "us-east-1", Request("PUT", "/b/k", "", headers, b"")).operation == "CopyObject"
    part = Request("PUT", "/b/k", "uploadId=1&partNumber=2", headers, b"")
    assert read_call("s3", "us-east-1", part).operation == "UploadPartCopy"


def test_a_compressed_form_or_document_is_read(send):
    def zipped(request):
        return replace(
            request, headers={**request.headers, "content-encoding": "gzip"}, body=gzip.compress(request.body)
        )

    call = send("cloudwatch", "PutMetricData", Namespace="n", MetricData=[{"MetricName": "m"}], change=zipped)
    assert call.parameters["Namespace"] == "n"
    assert send("iam", "GetRole", RoleName="r", change=zipped).parameters["RoleName"] == "r"


def test_a_bomb_is_not_inflated(send):
    def bomb(request):
        body = gzip.compress(bytes(70 << 20), compresslevel=1)
        return replace(request, headers={**request.headers, "content-encoding": "gzip"}, body=body)

    with pytest.raises(CallNotReadError, match="MiB"):
        send("cloudwatch", "PutMetricData", Namespace="n", MetricData=[], change=bomb).parameters["Namespace"]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "change"),
    [
        ("dynamodb", "GetItem", {"TableName": "t"}, {"query": "Action=DeleteTable"}),
        ("iam", "GetRole", {"RoleName": "r"}, {"query": "RoleName=other"}),
        ("iam", "GetRole", {"RoleName": "r"}, {"body": b"Action=GetRole&Version=2010-05-08&RoleName=a&RoleName=b"}),
        ("s3", "GetBucketPolicy", {"Bucket": "b"}, {"query": "policy&tagging"}),
        ("s3", "PutObjectAcl", {"Bucket": "b", "Key": "k"}, {"headers": {"x-amz-copy-source": "c/d"}}),
        ("s3", "GetBucketPolicy", {"Bucket": "b"}, {"query": "policy&inventory&id=1"}),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(service, operation, parameters, change, send):
    with pytest.raises(CallNotReadError):
        send(service, operation, change=lambda request: replace(request, **change), **parameters)


def test_a_parameter_that_is_said_twice_is_refused_when_it_matters(send):
    call = send("lambda", "Invoke", FunctionName="f", change=lambda it: replace(it, query="Qualifier=1&Qualifier=2"))
    with pytest.raises(CallNotReadError, match="twice"):
        call.parameters["Qualifier"]


@pytest.mark.parametrize(
    ("signed_for", "request_", "named"),
    [
        ("nonesuch", Request("GET", "/", "", {}, b""), "nonesuch"),
        ("lambda", Request("GET", "/2015-03-31/nothing", "", {}, b""), "/2015-03-31/nothing"),
        ("lambda", Request("HEAD", "/2015-03-31/functions/f", "", {}, b""), "HEAD"),
        ("lambda", Request("POST", "/", "", {"x-amz-target": "DynamoDB_20120810.GetItem"}, b"{}"), "lambda"),
        ("dynamodb", Request("POST", "/", "", {"x-amz-target": "DynamoDB_20120810.Nothing"}, b"{}"), "dynamodb"),
        ("iam", Request("POST", "/", "", {"content-type": "application/x-www-form-urlencoded"}, b"Action=X"), "iam"),
        ("iam", Request("GET", "/", "", {}, b""), "iam"),
    ],
)
def test_what_is_no_known_operation_is_refused_by_name(signed_for, request_, named):
    with pytest.raises(CallNotReadError, match=named):
        read_call(signed_for, "us-east-1", request_)


def test_a_name_with_an_empty_part_does_not_stop_the_reading_of_a_form(send):
    form = b"Action=GetRole&Version=2010-05-08&RoleName=r&RoleName..x=1"
    assert send("iam", "GetRole", RoleName="r", change=lambda it: replace(it, body=form)).parameters == {
        "RoleName": "r"
    }


def test_one_signing_name_may_be_several_services(send):
    assert send("sesv2", "ListEmailIdentities").service == "sesv2"
    assert send("ses", "ListIdentities").service == "ses"
    assert send("elb", "DescribeLoadBalancers").service == "elb"
    assert send("elbv2", "DescribeLoadBalancers").service == "elbv2"
    assert send("dynamodbstreams", "ListStreams").service == "dynamodbstreams"
    assert send("timestream-write", "ListDatabases").service == "timestream-write"


def test_a_boolean_in_quotes_is_taken_as_aws_takes_it():
    body = b'{"TableName": "t", "Item": {"id": {"S": "a"}, "b": {"BOOL": "false"}, "c": {"BOOL": "true"}}}'
    target = {"x-amz-target": "DynamoDB_20120810.PutItem", "content-type": "application/x-amz-json-1.0"}
    call = read_call("dynamodb", "us-east-1", Request("POST", "/", "", target, body))
    assert (call.parameters["Item"]["b"], call.parameters["Item"]["c"]) == ({"BOOL": False}, {"BOOL": True})
