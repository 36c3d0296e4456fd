"""The Java SDK's names: they stand in outputs, parameters and errors."""

import botocore.session
import pytest

from shared.local.asl.integrations.java import (
    boto_name,
    exception_name,
    exception_name_2,
    member_name,
    pascal,
    service_name,
)

SESSION = botocore.session.get_session()


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("ChecksumCRC32", "ChecksumCRC32"), ("ETag", "ETag"), ("MD5OfBody", "Md5OfBody"), ("KMSKeyId", "KmsKeyId"),
        ("DBInstances", "DbInstances"), ("SSEKMSKeyId", "SsekmsKeyId"), ("NULL", "Nul"), ("BOOL", "Bool"),
        ("SS", "Ss"), ("S", "S"), ("ARN", "Arn"), ("ResourceARN", "ResourceARN"), ("taskArn", "TaskArn"),
    ],
)  # fmt: skip
def test_members(name, known):
    assert member_name(name) == known


@pytest.mark.parametrize(
    ("service_id", "known"),
    [
        ("DynamoDB", "DynamoDb"), ("S3", "S3"), ("SFN", "Sfn"), ("CloudWatch Logs", "CloudWatchLogs"), ("IoT", "Iot"),
        ("SESv2", "SesV2"), ("EC2", "Ec2"), ("Config Service", "Config"), ("Database Migration Service",
        "DatabaseMigration"), ("Elastic Load Balancing v2", "ElasticLoadBalancingV2"),
    ],
)  # fmt: skip
def test_services(service_id, known):
    assert service_name(service_id) == known


def test_every_service_of_boto_is_found_by_the_java_sdks_name():
    lost = []
    for name in SESSION.get_available_services():
        if name in {"pinpoint-sms-voice", "sms-voice"}:  # one service under two names
            continue
        service_id = SESSION.get_service_model(name).service_id
        lost += [name for known in (service_name(service_id), pascal(service_id)) if boto_name(known) != name]
    assert lost == []


@pytest.mark.parametrize(
    ("service", "code", "first", "second"),
    [
        ("dynamodb", "ResourceNotFoundException", "ResourceNotFoundException", "ResourceNotFoundException"),
        ("dynamodb", "ValidationException", None, None),
        ("s3", "NoSuchKey", "NoSuchKeyException", "NoSuchKeyException"),
        ("s3", "SlowDown", None, None),
        ("sns", "NotFound", "NotFoundException", "NotFoundException"),
        ("sqs", "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExistException", "QueueDoesNotExistException"),
        ("kms", "KMSInvalidStateException", "KMSInvalidStateException", "KmsInvalidStateException"),
        ("rds", "DBInstanceNotFound", "DBInstanceNotFoundException", "DbInstanceNotFoundException"),
    ],
)
def test_errors_have_a_class_in_either_version_or_none(service, code, first, second):
    model = SESSION.get_service_model(service)
    assert (exception_name(model, code), exception_name_2(model, code)) == (first, second)
