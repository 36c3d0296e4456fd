"""What a bucket tells, to whom, and which configurations it refuses: through the API, on a whole cloud."""

from __future__ import annotations

import json
import re

import pytest
from botocore.exceptions import ClientError

from shared.local.triggers.bucket_notifications import Asked, refused


@pytest.fixture(scope="module")
def bucket(account):
    account.s3.create_bucket(Bucket="uploads")
    account.s3.put_object(Bucket="uploads", Key="incoming/before", Body=b"1")
    return "uploads"


@pytest.fixture(scope="module")
def queue(account, bucket):
    return account.queue("told", opens_to=bucket)


def part(queue, *, prefix="incoming/", suffix="", name="ours", events=("s3:ObjectCreated:*",)):
    rules = [{"Name": rule, "Value": value} for rule, value in (("prefix", prefix), ("suffix", suffix)) if value]
    told = {"Id": name, "QueueArn": queue, "Events": list(events)}
    return told | ({"Filter": {"Key": {"FilterRules": rules}}} if rules else {})


def bodies(account, queue):
    return [json.loads(each["Body"]) for each in account.messages(queue)]


def test_a_receiver_first_gets_a_test_event(account, bucket, queue):
    account.notify(bucket, part(queue))
    (told,) = bodies(account, queue)
    assert (told["Service"], told["Event"], told["Bucket"]) == ("Amazon S3", "s3:TestEvent", bucket)
    assert set(told) == {"Service", "Event", "Time", "Bucket", "RequestId", "HostId"}


def test_an_upload_is_told_in_s3s_form(account, bucket, queue):
    account.notify(bucket, part(queue))
    bodies(account, queue)
    account.s3.put_object(Bucket=bucket, Key="incoming/red flower=1 ü.jpg", Body=b"12345")
    account.s3.put_object(Bucket=bucket, Key="elsewhere/x", Body=b"1")
    (told,) = bodies(account, queue)
    (record,) = told["Records"]
    assert record["eventVersion"] == "2.1"
    assert (record["eventSource"], record["eventName"]) == ("aws:s3", "ObjectCreated:Put")
    assert record["s3"]["configurationId"] == "ours"
    assert record["s3"]["bucket"]["arn"] == "arn:aws:s3:::uploads"
    told_object = record["s3"]["object"]
    assert told_object["key"] == "incoming/red+flower%3D1+%C3%BC.jpg"
    assert (told_object["size"], told_object["eTag"]) == (5, "827ccb0eea8a706c4c34a16891f84e7b")
    assert int(told_object["sequencer"], 16)
    assert "versionId" not in told_object


def test_events_of_one_object_are_in_the_order_of_their_sequencers(account, bucket, queue):
    account.notify(bucket, part(queue, events=("s3:ObjectCreated:*", "s3:ObjectRemoved:*")))
    bodies(account, queue)
    account.s3.put_object(Bucket=bucket, Key="incoming/a", Body=b"1")
    account.s3.copy_object(Bucket=bucket, Key="incoming/a", CopySource=f"{bucket}/incoming/before")
    account.s3.delete_object(Bucket=bucket, Key="incoming/a")
    records = [each["Records"][0] for each in bodies(account, queue)]
    by_sequencer = sorted(records, key=lambda record: record["s3"]["object"]["sequencer"])
    assert [each["eventName"] for each in by_sequencer] == [
        "ObjectCreated:Put",
        "ObjectCreated:Copy",
        "ObjectRemoved:Delete",
    ]
    assert "size" not in by_sequencer[-1]["s3"]["object"]


def test_an_upload_in_parts_is_one_event(account, bucket, queue):
    account.notify(bucket, part(queue))
    bodies(account, queue)
    where = {"Bucket": bucket, "Key": "incoming/large"}
    upload = account.s3.create_multipart_upload(**where)["UploadId"]
    tag = account.s3.upload_part(**where, UploadId=upload, PartNumber=1, Body=b"x" * 100)["ETag"]
    account.s3.complete_multipart_upload(
        **where, UploadId=upload, MultipartUpload={"Parts": [{"ETag": tag, "PartNumber": 1}]}
    )
    assert [each["Records"][0]["eventName"] for each in bodies(account, queue)] == [
        "ObjectCreated:CompleteMultipartUpload"
    ]


def test_a_versioned_bucket_tells_versions_and_delete_markers(account):
    account.s3.create_bucket(Bucket="versioned")
    account.s3.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    queue = account.queue("told-versions", opens_to="versioned")
    account.notify("versioned", part(queue, prefix="", events=("s3:ObjectCreated:*", "s3:ObjectRemoved:*")))
    bodies(account, queue)
    version = account.s3.put_object(Bucket="versioned", Key="a", Body=b"1")["VersionId"]
    account.s3.delete_object(Bucket="versioned", Key="a")
    first, second = (each["Records"][0] for each in bodies(account, queue))
    assert first["s3"]["object"]["versionId"] == version
    assert second["eventName"] == "ObjectRemoved:DeleteMarkerCreated"


def test_what_the_queue_does_not_let_in_is_refused_and_changes_nothing(account, bucket, queue):
    account.notify(bucket, part(queue))
    closed = account.queue("closed")
    fifo = account.queue("ordered.fifo", opens_to=bucket, FifoQueue="true")
    for arn in (closed, fifo, account.arn("sqs", "gone")):
        with pytest.raises(ClientError, match="Unable to validate the following destination configurations") as caught:
            account.notify(bucket, part(arn))
        assert caught.value.response["Error"]["Code"] == "InvalidArgument"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    told = account.s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    assert [each["QueueArn"] for each in told] == [queue]
    assert bodies(account, closed) == []


def test_overlapping_prefixes_are_refused_and_neighbours_are_not(account, bucket, queue):
    with pytest.raises(ClientError, match="Configuration is ambiguously defined"):
        account.notify(bucket, part(queue), part(queue, prefix="incoming/a/", name="inner"))
    account.notify(
        bucket,
        part(queue),
        part(queue, prefix="other/", name="beside"),
        part(queue, name="removed", events=("s3:ObjectRemoved:*",)),
    )
    account.notify(bucket, part(queue, suffix=".csv", name="csv"), part(queue, suffix=".json", name="json"))


@pytest.mark.parametrize(
    "event", ["s3:LifecycleExpiration:*", "s3:ObjectRestore:Delete", "s3:ReducedRedundancyLostObject"]
)
def test_what_never_happens_here_is_refused_by_name(account, bucket, queue, event):
    with pytest.raises(ClientError, match=f"never sends {re.escape(event)}") as caught:
        account.notify(bucket, part(queue, events=(event,)))
    assert caught.value.response["Error"]["Code"] == "NotImplemented"


def test_a_bus_gets_the_event_in_its_own_form(account, bucket):
    queue = account.arn("sqs", "from-bus")
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [statement | {"Resource": queue}]}
    account.queue("from-bus", Policy=json.dumps(policy))
    events = account.aws.client("events")
    events.put_rule(Name="uploads", EventPattern=json.dumps({"source": ["aws.s3"]}))
    events.put_targets(Rule="uploads", Targets=[{"Id": "1", "Arn": queue}])
    account.s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    account.s3.put_object(Bucket=bucket, Key="any where", Body=b"12")
    (told,) = bodies(account, queue)
    assert (told["detail-type"], told["detail"]["reason"]) == ("Object Created", "PutObject")
    assert told["detail"]["object"]["key"] == "any where"
    assert told["detail"]["object"]["size"] == 2
    assert told["detail"]["object"]["etag"]


@pytest.mark.parametrize(
    ("one", "other", "ambiguous"),
    [
        (("a/", ""), ("a/b/", ""), True),
        (("a/", ".csv"), ("a/", ".json"), False),
        (("a/", ".csv"), ("a/b/", "s.csv"), True),
        (("a/", ""), ("b/", ""), False),
        (("", ".csv"), ("a/", ""), True),
    ],
)
def test_rules_overlap_if_some_key_could_match_both(one, other, ambiguous):
    parts = [
        Asked(name, "queue", "arn:q", ("s3:ObjectCreated:*",), (("prefix", prefix), ("suffix", suffix)))
        for name, (prefix, suffix) in (("1", one), ("2", other))
    ]
    assert bool(list(refused(parts))) == ambiguous


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("s3:ObjectCreated:*", "s3:ObjectCreated:Put", True),
        ("s3:ObjectCreated:Put", "s3:ObjectCreated:Put", True),
        ("s3:ObjectCreated:Put", "s3:ObjectCreated:Copy", False),
        ("s3:ObjectCreated:*", "s3:ObjectRemoved:*", False),
    ],
)
def test_parts_without_filter_overlap_in_a_common_event(one, other, common):
    parts = [Asked("1", "queue", "arn:q", (one,)), Asked("2", "queue", "arn:q", (other,))]
    assert bool(list(refused(parts))) == common


def test_rules_are_named_in_any_case():
    part = Asked("1", "queue", "arn:q", ("s3:ObjectCreated:*",), (("Prefix", "a/"), ("Suffix", ".csv")))
    assert part.matches("s3:ObjectCreated:Put", "a/b.csv")
    assert not part.matches("s3:ObjectCreated:Put", "b/b.csv")
    assert not list(refused([part]))


def test_a_topic_that_lets_s3_in_gets_the_event_with_s3s_subject(account, bucket):
    sns = account.aws.client("sns")
    topic = sns.create_topic(Name="told")["TopicArn"]
    wanted = {"Id": "ours", "TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}
    with pytest.raises(ClientError, match="Unable to validate the following destination"):
        account.notify(bucket, wanted, kind="Topic")
    source = {"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}}
    opened = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sns:Publish"}
    policy = {"Version": "2012-10-17", "Statement": [{**opened, "Resource": topic, "Condition": source}]}
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy))
    arn = account.arn("sqs", "of-topic")
    reads = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    queue = account.queue(
        "of-topic", Policy=json.dumps({"Version": "2012-10-17", "Statement": [{**reads, "Resource": arn}]})
    )
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    account.notify(bucket, wanted, kind="Topic")
    account.s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    test, told = bodies(account, queue)
    assert json.loads(test["Message"])["Event"] == "s3:TestEvent"
    assert told["Subject"] == "Amazon S3 Notification"
    assert json.loads(told["Message"])["Records"][0]["s3"]["object"]["key"] == "a"


def test_a_function_must_let_s3_in(account, bucket):
    wanted = {
        "Id": "ours",
        "LambdaFunctionArn": account.arn("lambda", "function:gone"),
        "Events": ["s3:ObjectCreated:*"],
    }
    with pytest.raises(ClientError, match=r"Unable to validate the following destination.*lambda:InvokeFunction"):
        account.notify(bucket, wanted, kind="LambdaFunction")
