"""CloudWatch Logs on disk answers as AWS does: pages, tokens, filters, streams, and what is refused."""

from __future__ import annotations

import concurrent.futures
import gzip
import sqlite3
import threading
from dataclasses import replace

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core.base_backend import BackendDict
from moto.logs.models import logs_backends

from shared.disks import DiskError
from shared.local import logs
from tests.helpers.eventually import eventually
from tests.unit.local.logs.conftest import GROUP, KEYS

DAY = 24 * 3600


def messages(answer):
    return [event["message"] for event in answer["events"]]


def refused(call, **asked):
    with pytest.raises(ClientError) as told:
        call(**asked)
    return told.value.response["Error"]["Code"], told.value.response["Error"]["Message"]


def test_events_of_all_streams_come_in_order_of_time(cloudwatch, stream, clock):
    cloudwatch.create_log_stream(logGroupName=GROUP, logStreamName="t")
    stream("b", "c", at=clock.ms + 1)
    stream("a", "e", at=clock.ms, stream="t")
    stream("d", at=clock.ms + 2, stream="t")
    answer = cloudwatch.filter_log_events(logGroupName=GROUP)
    assert messages(answer) == ["a", "b", "e", "c", "d"]
    assert "nextToken" not in answer
    assert answer["searchedLogStreams"] == []
    assert [event["logStreamName"] for event in answer["events"]] == ["t", "s", "t", "s", "t"]
    assert len({event["eventId"] for event in answer["events"]}) == 5


def test_pages_hold_as_many_events_as_asked_for_or_a_megabyte(cloudwatch, stream, clock):
    texts = [str(number) for number in range(7)]
    stream(*texts, at=clock.ms)
    pages = list(cloudwatch.get_paginator("filter_log_events").paginate(logGroupName=GROUP, limit=3))
    assert [messages(page) for page in pages] == [texts[:3], texts[3:6], texts[6:]]
    for number in range(3):
        stream("x" * 600_000, at=clock.ms + 10 + number)
    pages = list(cloudwatch.get_paginator("filter_log_events").paginate(logGroupName=GROUP, startTime=clock.ms + 10))
    assert [len(page["events"]) for page in pages] == [1, 1, 1]


def test_a_time_ends_with_its_last_moment_or_before_it(cloudwatch, stream, clock):
    stream("a", "b", "c", at=clock.ms)
    asked = {"logGroupName": GROUP, "startTime": clock.ms + 1, "endTime": clock.ms + 2}
    assert messages(cloudwatch.filter_log_events(**asked)) == ["b", "c"]
    assert messages(cloudwatch.get_log_events(**asked, logStreamName="s")) == ["b"]


def test_streams_are_chosen_by_name_or_prefix(cloudwatch, stream, clock):
    for number, name in enumerate(("s1", "s2", "t")):
        cloudwatch.create_log_stream(logGroupName=GROUP, logStreamName=name)
        stream(name, at=clock.ms - number, stream=name)
    assert messages(cloudwatch.filter_log_events(logGroupName=GROUP, logStreamNames=["s1", "t"])) == ["t", "s1"]
    assert messages(cloudwatch.filter_log_events(logGroupName=GROUP, logStreamNamePrefix="s")) == ["s2", "s1"]
    asked = {"logGroupName": GROUP, "logStreamNames": ["t"], "logStreamNamePrefix": "s"}
    assert refused(cloudwatch.filter_log_events, **asked)[0] == "InvalidParameterException"
    code, _ = refused(cloudwatch.filter_log_events, logGroupName=GROUP, logStreamNames=["none"])
    assert code == "ResourceNotFoundException"


def test_patterns_filter_and_those_that_are_not_done_are_refused(cloudwatch, stream, clock):
    stream('{"level": "ERROR"}', "REPORT x", "START", at=clock.ms)
    assert messages(cloudwatch.filter_log_events(logGroupName=GROUP, filterPattern='?"REPORT" ?START')) == [
        "REPORT x",
        "START",
    ]
    code, text = refused(cloudwatch.filter_log_events, logGroupName=GROUP, filterPattern="[a, b]")
    assert (code, "space-delimited" in text) == ("InvalidParameterException", True)
    asked = {"logGroupName": GROUP, "filterName": "f", "filterPattern": "[a]", "metricTransformations": [METRIC]}
    assert refused(cloudwatch.put_metric_filter, **asked)[0] == "InvalidParameterException"


METRIC = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}


def test_the_newest_events_come_first_and_tokens_go_both_ways(cloudwatch, stream, clock):
    stream(*"abcde", at=clock.ms)
    asked = {"logGroupName": GROUP, "logStreamName": "s", "limit": 2}
    newest = cloudwatch.get_log_events(**asked)
    assert messages(newest) == ["d", "e"]
    before = cloudwatch.get_log_events(**asked, nextToken=newest["nextBackwardToken"])
    assert messages(before) == ["b", "c"]
    first = cloudwatch.get_log_events(**asked, nextToken=before["nextBackwardToken"])
    assert messages(first) == ["a"]
    end = cloudwatch.get_log_events(**asked, nextToken=first["nextBackwardToken"])
    assert (messages(end), end["nextBackwardToken"]) == ([], first["nextBackwardToken"])
    again = cloudwatch.get_log_events(**asked, nextToken=first["nextForwardToken"])
    assert messages(again) == ["b", "c"]


def test_who_follows_a_stream_gets_the_same_token_until_there_is_more(cloudwatch, stream, clock):
    asked = {"logGroupName": GROUP, "logStreamName": "s", "startFromHead": True}
    token = cloudwatch.get_log_events(**asked)["nextForwardToken"]
    waiting = cloudwatch.get_log_events(**asked, nextToken=token)
    assert (messages(waiting), waiting["nextForwardToken"]) == ([], token)
    stream("a", at=clock.ms)
    assert messages(cloudwatch.get_log_events(**asked, nextToken=token)) == ["a"]
    assert refused(cloudwatch.get_log_events, **asked, nextToken="nonsense")[0] == "InvalidParameterException"


def test_streams_are_listed_by_name_and_by_time(cloudwatch, stream, clock):
    for number, name in enumerate(("u", "t")):
        cloudwatch.create_log_stream(logGroupName=GROUP, logStreamName=name)
        stream("a", "b", at=clock.ms - 10 * number, stream=name)
    pages = cloudwatch.get_paginator("describe_log_streams").paginate(
        logGroupName=GROUP, PaginationConfig={"PageSize": 2}
    )
    streams = [each for page in pages for each in page["logStreams"]]
    assert [each["logStreamName"] for each in streams] == ["s", "t", "u"]
    assert "firstEventTimestamp" not in streams[0]
    assert (streams[1]["firstEventTimestamp"], streams[1]["lastEventTimestamp"]) == (clock.ms - 10, clock.ms - 9)
    newest = cloudwatch.describe_log_streams(logGroupName=GROUP, orderBy="LastEventTime", descending=True)["logStreams"]
    assert [each["logStreamName"] for each in newest] == ["u", "t", "s"]
    (only,) = cloudwatch.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix="u")["logStreams"]
    assert only["arn"].endswith(f":log-group:{GROUP}:log-stream:u")


def test_a_group_tells_its_bytes_and_is_gone_with_all_in_it(cloudwatch, stream, clock):
    stream("ab", "ö", at=clock.ms)
    (told,) = cloudwatch.describe_log_groups()["logGroups"]
    assert told["storedBytes"] == 2 + 2 + 2 * 26
    cloudwatch.delete_log_group(logGroupName=GROUP)
    assert refused(cloudwatch.filter_log_events, logGroupName=GROUP)[0] == "ResourceNotFoundException"
    cloudwatch.create_log_group(logGroupName=GROUP)
    assert messages(cloudwatch.filter_log_events(logGroupName=GROUP)) == []
    assert cloudwatch.describe_log_streams(logGroupName=GROUP)["logStreams"] == []


def test_a_stream_is_gone_with_its_events(cloudwatch, stream, clock):
    stream("a", at=clock.ms)
    cloudwatch.delete_log_stream(logGroupName=GROUP, logStreamName="s")
    assert messages(cloudwatch.filter_log_events(logGroupName=GROUP)) == []
    asked = {"logGroupName": GROUP, "logStreamName": "s"}
    for call in (cloudwatch.get_log_events, cloudwatch.delete_log_stream):
        assert refused(call, **asked) == ("ResourceNotFoundException", "The specified log stream does not exist.")
    cloudwatch.create_log_stream(**asked)
    assert refused(cloudwatch.create_log_stream, **asked)[0] == "ResourceAlreadyExistsException"
    assert messages(cloudwatch.get_log_events(**asked)) == []


def test_a_batch_is_refused_whole_and_old_events_are_left_out(cloudwatch, stream, clock):
    put = cloudwatch.put_log_events
    named = {"logGroupName": GROUP, "logStreamName": "s"}
    late = [{"timestamp": clock.ms, "message": "b"}, {"timestamp": clock.ms - 1, "message": "a"}]
    assert "chronological order" in refused(put, **named, logEvents=late)[1]
    assert (
        "24 hours" in refused(put, **named, logEvents=[{**late[1], "timestamp": clock.ms - DAY * 1000 - 1}, late[0]])[1]
    )
    assert "too large" in refused(put, **named, logEvents=[{"timestamp": clock.ms, "message": "x" * 2**20}])[1]
    old = {"timestamp": clock.ms - 14 * DAY * 1000 - 5, "message": "old"}
    told = put(**named, logEvents=[old, {**old, "timestamp": old["timestamp"] + 10, "message": "in time"}])
    assert told["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    new = {"timestamp": clock.ms + 3 * 3600 * 1000, "message": "new"}
    assert put(**named, logEvents=[late[0], new])["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 1}
    assert messages(cloudwatch.filter_log_events(logGroupName=GROUP)) == ["in time", "b"]


def test_every_text_comes_back(cloudwatch, stream, clock):
    texts = ["\x00", "ö€𝄞", " ", "a\nb"]
    stream(*texts, at=clock.ms)
    assert messages(cloudwatch.filter_log_events(logGroupName=GROUP)) == texts


def test_insights_do_what_they_can_and_refuse_the_rest(cloudwatch, stream, clock):
    stream("a", "b", at=clock.ms)
    asked = {"logGroupName": GROUP, "startTime": int(clock.seconds), "endTime": int(clock.seconds) + 1}
    query = cloudwatch.start_query(**asked, queryString="fields @message | sort @timestamp asc | limit 5")["queryId"]
    results = cloudwatch.get_query_results(queryId=query)["results"]
    assert [{each["field"]: each["value"] for each in row}["@message"] for row in results] == ["a", "b"]
    code, text = refused(cloudwatch.start_query, **asked, queryString="filter @message like /a/")
    assert (code, "'filter'" in text) == ("MalformedQueryException", True)
    assert refused(cloudwatch.get_query_results, queryId="none")[0] == "ResourceNotFoundException"


def test_a_subscription_gets_what_its_pattern_matches(cloudwatch, stream, clock):
    cloudwatch.create_log_group(logGroupName="copies")
    cloudwatch.create_log_stream(logGroupName="copies", logStreamName="s")
    to = "arn:aws:logs:us-east-1:123456789012:log-group:copies:*"
    subscription = {"logGroupName": GROUP, "filterName": "f", "destinationArn": to}
    cloudwatch.put_subscription_filter(**subscription, filterPattern="ERROR")
    stream("an ERROR", "fine", at=clock.ms)
    assert messages(cloudwatch.filter_log_events(logGroupName="copies")) == ["an ERROR"]
    assert refused(cloudwatch.put_subscription_filter, **subscription, filterPattern="[a]")[0] == (
        "InvalidParameterException"
    )


def test_an_export_holds_all_events(cloudwatch, stream, clock):
    boto3.client("s3", **KEYS).create_bucket(Bucket="exports")
    stream(*("line" for _ in range(9000)), at=clock.ms)
    stream(*("line" for _ in range(9000)), at=clock.ms)
    asked = {"logGroupName": GROUP, "fromTime": clock.ms, "to": clock.ms + DAY * 1000, "destination": "exports"}
    cloudwatch.create_export_task(**asked)
    keys = [each["Key"] for each in boto3.client("s3", **KEYS).list_objects_v2(Bucket="exports")["Contents"]]
    key = next(each for each in keys if each.endswith(".gz"))
    body = boto3.client("s3", **KEYS).get_object(Bucket="exports", Key=key)["Body"].read()
    assert len(gzip.decompress(body).splitlines()) == 18_000


def test_a_retention_that_aws_does_not_know_is_refused(cloudwatch, stream):
    assert refused(cloudwatch.put_retention_policy, logGroupName=GROUP, retentionInDays=2)[0] == (
        "InvalidParameterException"
    )


def test_nothing_is_lost_when_many_write_at_once(room, cloudwatch, clock):
    backend = logs_backends["123456789012"]["us-east-1"]
    backend.ensure_log_group(GROUP)

    def write(number):
        backend.ensure_log_stream(GROUP, f"s{number % 5}")
        for count in range(20):
            event = {"timestamp": clock.ms, "message": f"{number} {count}"}
            backend.groups[GROUP].put_log_events(f"s{number % 5}", [event])

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(40)))
    found = messages(cloudwatch.filter_log_events(logGroupName=GROUP))
    assert sorted(found) == sorted(f"{number} {count}" for number in range(40) for count in range(20))


def test_a_later_cloud_finds_the_groups_that_are_on_disk_and_no_others(storage, clock, cloudwatch, stream, room):
    stream("kept", at=clock.ms)
    cloudwatch.put_retention_policy(logGroupName=GROUP, retentionInDays=7)
    backend = logs_backends["123456789012"]["us-east-1"]
    del backend.groups[GROUP]  # what was kept of moto's tables is older
    created = cloudwatch.create_log_group(logGroupName="deleted")
    assert created
    room._store.delete_group(("123456789012", "us-east-1", "deleted"))
    room.settle()
    (told,) = cloudwatch.describe_log_groups()["logGroups"]
    assert (told["logGroupName"], told["retentionInDays"], told["creationTime"]) == (GROUP, 7, clock.ms)
    assert messages(cloudwatch.filter_log_events(logGroupName=GROUP)) == ["kept"]
    BackendDict.reset()


def in_the_file(storage):
    with sqlite3.connect(storage.path / "logs.db") as file:
        return [message.decode() for (message,) in file.execute("SELECT message FROM event ORDER BY id")]


def test_what_is_kept_is_in_the_file_as_soon_as_it_is_acknowledged_and_found_when_it_opens_again(storage, clock):
    storage, cloudwatch = replace(storage, persistent=True), boto3.client("logs", **KEYS)
    with mock_aws(), logs.install(storage, clock):
        cloudwatch.create_log_group(logGroupName=GROUP)
        cloudwatch.create_log_stream(logGroupName=GROUP, logStreamName="s")
        event = {"timestamp": clock.ms, "message": "kept"}
        cloudwatch.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=[event])
        assert in_the_file(storage) == ["kept"]
    with mock_aws(), logs.install(storage, clock) as room:
        room.settle()
        assert messages(cloudwatch.filter_log_events(logGroupName=GROUP)) == ["kept"]
        cloudwatch.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=[{**event, "message": "later"}])
        assert messages(cloudwatch.filter_log_events(logGroupName=GROUP)) == ["kept", "later"]
    BackendDict.reset()


def test_events_of_a_scratch_cloud_wait_for_others_and_every_reader_finds_them(storage, clock, cloudwatch, stream):
    stream("one", "two", at=clock.ms)
    assert in_the_file(storage) == []
    (told,) = cloudwatch.describe_log_groups()["logGroups"]
    assert told["storedBytes"] == len("onetwo") + 2 * 26
    assert in_the_file(storage) == ["one", "two"]
    stream("three", at=clock.ms)
    assert cloudwatch.describe_log_streams(logGroupName=GROUP)["logStreams"][0]["lastEventTimestamp"] == clock.ms + 1
    stream("four", at=clock.ms)
    assert messages(cloudwatch.filter_log_events(logGroupName=GROUP)) == ["one", "three", "four", "two"]


def test_events_do_not_wait_longer_than_a_second_of_others_nor_for_many(storage, clock, stream):
    stream("early", at=clock.ms)
    clock.seconds += 1
    stream("late", at=clock.ms)
    assert in_the_file(storage) == ["early", "late"]
    stream(*map(str, range(1000)), at=clock.ms)
    assert len(in_the_file(storage)) == 1002


def test_what_waits_for_a_stream_or_a_group_that_is_deleted_goes_with_it(storage, clock, cloudwatch, stream):
    stream("with its stream", at=clock.ms)
    cloudwatch.delete_log_stream(logGroupName=GROUP, logStreamName="s")
    event = {"timestamp": clock.ms, "message": "to none"}
    asked = {"logGroupName": GROUP, "logStreamName": "s", "logEvents": [event]}
    assert refused(cloudwatch.put_log_events, **asked)[0] == "ResourceNotFoundException"
    cloudwatch.create_log_stream(logGroupName=GROUP, logStreamName="s")
    stream("with its group", at=clock.ms)
    cloudwatch.delete_log_group(logGroupName=GROUP)
    cloudwatch.create_log_group(logGroupName=GROUP)
    cloudwatch.create_log_stream(logGroupName=GROUP, logStreamName="s")
    stream("new", at=clock.ms)
    assert messages(cloudwatch.filter_log_events(logGroupName=GROUP)) == ["new"]
    (told,) = cloudwatch.describe_log_groups()["logGroups"]
    assert told["storedBytes"] == len("new") + 26


def test_a_reader_waits_for_events_that_another_one_is_writing(room, cloudwatch, stream, clock):
    stream("early", at=clock.ms)
    store, begun, may_go_on, found = room._store, threading.Event(), threading.Event(), []

    def hold(_writer):
        begun.set()
        assert may_go_on.wait(60)

    holder = threading.Thread(target=store.commits.do, args=(hold,))
    holder.start()
    assert begun.wait(60)
    writers = [threading.Thread(target=store._write_waiting) for _ in range(2)]
    for writer in writers:
        writer.start()
    eventually(lambda: not store._waiting)
    reader = threading.Thread(target=lambda: found.extend(messages(cloudwatch.filter_log_events(logGroupName=GROUP))))
    reader.start()
    may_go_on.set()
    for thread in (holder, *writers, reader):
        thread.join(60)
    assert found == ["early"]


def test_each_writer_of_what_is_kept_is_told_that_the_disk_took_nothing(storage, clock):
    storage, cloudwatch = replace(storage, persistent=True), boto3.client("logs", **KEYS)
    key, begun, may_go_on, told = ("123456789012", "us-east-1", GROUP), threading.Event(), threading.Event(), []

    def fill_disk(writer):
        begun.set()
        assert may_go_on.wait(60)
        writer.execute("PRAGMA max_page_count = 1")  # no more than there are

    def write():
        with pytest.raises(DiskError):
            store.put(key, "s", [{"timestamp": clock.ms, "message": "x" * 100_000}])
        told.append("it is full")

    with mock_aws(), logs.install(storage, clock) as room:
        store = room._store
        cloudwatch.create_log_group(logGroupName=GROUP)
        cloudwatch.create_log_stream(logGroupName=GROUP, logStreamName="s")
        store.put(key, "s", [{"timestamp": clock.ms, "message": "kept"}])
        threads = [threading.Thread(target=store.commits.do, args=(fill_disk,))]
        threads += [threading.Thread(target=write) for _ in range(3)]
        threads[0].start()
        assert begun.wait(60)
        for thread in threads[1:]:
            thread.start()
        eventually(lambda: len(store.commits._line) == 3)
        may_go_on.set()
        for thread in threads:
            thread.join(60)
        assert told == ["it is full"] * 3
    BackendDict.reset()


def test_what_comes_for_a_stream_that_went_with_its_age_is_refused(storage, clock, cloudwatch, stream):
    stream("of old", at=clock.ms)
    clock.seconds += (storage.bounds.logs.days + 1) * 24 * 3600
    cloudwatch.create_log_stream(logGroupName=GROUP, logStreamName="other")
    event = {"timestamp": clock.ms, "message": "new"}
    cloudwatch.put_log_events(logGroupName=GROUP, logStreamName="other", logEvents=[event])
    assert messages(cloudwatch.filter_log_events(logGroupName=GROUP)) == ["new"]
    asked = {"logGroupName": GROUP, "logStreamName": "s", "logEvents": [event]}
    assert refused(cloudwatch.put_log_events, **asked)[0] == "ResourceNotFoundException"
