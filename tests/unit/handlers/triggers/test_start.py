"""The starter: each upload starts one run, none is lost, and what comes twice starts once."""

import json
import re
from urllib.parse import quote_plus

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from shared.handlers.triggers.notices import NotANotice, read_message, run_name
from shared.handlers.triggers.start import Starter

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:team1-nightly-0a1b2c3d"
BUCKET = "team1-data-0a1b2c3d"
NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")  # what Step Functions takes, if there is to be a log


class States:
    """Step Functions, as far as it starts runs of a standard machine."""

    def __init__(self, refuses=()):
        self.runs = {}
        self.refuses = list(refuses)

    def start_execution(self, stateMachineArn, name, input):  # noqa: A002 - boto3's names
        assert stateMachineArn == MACHINE
        assert NAME.fullmatch(name), name
        assert len(input.encode()) <= 262_144
        if self.refuses and self.refuses[0] in input:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "StartExecution")
        if name in self.runs:
            raise ClientError({"Error": {"Code": "ExecutionAlreadyExists", "Message": name}}, "StartExecution")
        self.runs[name] = json.loads(input)


def record(key, version="v1", size=3, event="ObjectCreated:Put", sequencer="0055AED6DCD90281E5", bucket=BUCKET):
    what = {
        "key": quote_plus(key, safe="/"),
        "size": size,
        "eTag": "d41d",
        "sequencer": sequencer,
        "versionId": version,
    }
    return {"eventName": event, "s3": {"bucket": {"name": bucket}, "object": what}}


def message(*records, name="m1"):
    return {"messageId": name, "body": json.dumps({"Records": list(records)})}


def starter(states, gives="object", **payload):
    return Starter(states, MACHINE, payload, gives, BUCKET)


def failed(answer):
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def test_a_notice_about_another_bucket_starts_nothing(capsys):
    states = States()
    assert failed(starter(states).answer([message(record("k"), record("k", bucket="team2-data"))])) == ["m1"]
    assert states.runs == {}
    assert "it is about team2-data, and not about team1-data-0a1b2c3d" in capsys.readouterr().out


def test_each_object_starts_a_run_with_itself_over_the_parameters():
    states = States()
    answer = starter(states, limit=10).answer([message(record("incoming/a.csv")), message(record("incoming/b.csv"))])
    assert failed(answer) == []
    told = {"bucket": "team1-data-0a1b2c3d", "key": "incoming/a.csv", "size": 3, "etag": "d41d"}
    assert next(iter(states.runs.values())) == {"limit": 10, "object": told}
    assert [name.rpartition("-")[0] for name in states.runs] == ["upload-incoming-a-csv", "upload-incoming-b-csv"]


def test_a_message_that_comes_twice_starts_once():
    states = States()
    for _ in range(2):
        assert failed(starter(states).answer([message(record("incoming/a.csv"))])) == []
    assert len(states.runs) == 1


def test_a_new_upload_of_the_same_key_starts_again():
    states = States()
    starter(states).answer([message(record("incoming/a.csv")), message(record("incoming/a.csv", version="v2"))])
    assert len(states.runs) == 2


def test_without_versions_the_sequencer_tells_uploads_apart():
    first, second = (record("incoming/a.csv", sequencer=each) for each in ("00A1", "00A2"))
    for each in (first, second):
        del each["s3"]["object"]["versionId"]
    states = States()
    starter(states).answer([message(first), message(second)])
    assert len(states.runs) == 2


def test_what_could_not_be_started_comes_back_and_nothing_else():
    states = States(refuses=["b.csv"])
    messages = [message(record(f"incoming/{each}.csv"), name=each) for each in "abc"]
    assert failed(starter(states).answer(messages)) == ["b"]
    states.refuses = []
    assert failed(starter(states).answer(messages)) == []
    assert len(states.runs) == 3


def test_s3s_test_and_what_is_no_upload_start_nothing():
    test = {"messageId": "t", "body": json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"})}
    gone = message(record("incoming/a.csv", event="ObjectRemoved:Delete"))
    states = States()
    assert failed(starter(states).answer([test, gone])) == []
    assert states.runs == {}


@pytest.mark.parametrize("body", ["", "no json", "[]", "{}", '{"Records": [{}]}', '{"Records": 3}', "null",
                                  '{"Records": [{"eventName": "ObjectCreated:Put", "s3": {}}]}'])  # fmt: skip
def test_what_is_no_notice_goes_to_the_dead_letters(body, capsys):
    assert failed(starter(States()).answer([{"messageId": "x", "body": body}])) == ["x"]
    assert "no notice of S3's" in capsys.readouterr().out
    with pytest.raises(NotANotice):
        read_message(body, BUCKET)


@given(key=st.text(st.characters(codec="utf-8"), min_size=1, max_size=300), version=st.text(max_size=5))
def test_any_key_arrives_as_it_is_and_names_a_run(key, version):
    (found,) = read_message(message(record(key, version))["body"], BUCKET)
    assert found.key == key
    assert NAME.fullmatch(run_name([found]))


def test_a_space_and_a_plus_are_told_apart():
    (space,), (plus,) = (read_message(message(record(key))["body"], BUCKET) for key in ("in/a b.csv", "in/a+b.csv"))
    assert (space.key, plus.key) == ("in/a b.csv", "in/a+b.csv")


def test_with_a_window_all_objects_of_a_batch_are_one_run():
    states = States()
    messages = [message(record(f"incoming/{each}.csv"), name=str(each)) for each in range(100)]
    assert failed(starter(states, "objects").answer(messages)) == []
    ((name, told),) = states.runs.items()
    assert name.startswith("uploads-100-")
    assert [each["key"] for each in told["objects"]] == [f"incoming/{each}.csv" for each in range(100)]
    starter(states, "objects").answer(list(reversed(messages)))
    assert len(states.runs) == 1


def test_a_batch_that_is_more_than_an_input_takes_is_several_runs():
    states = States()
    keys = [f"incoming/{each:04}{'ü' * 400}" for each in range(1000)]
    answer = starter(states, "objects", note="n" * 3000).answer([message(record(key)) for key in keys])
    assert failed(answer) == []
    assert [each["key"] for told in states.runs.values() for each in told["objects"]] == keys
    assert len(states.runs) == 4


def test_of_a_batch_only_the_messages_of_what_failed_come_back():
    states = States(refuses=["0999"])
    keys = [f"incoming/{each:04}{'x' * 900}" for each in range(1000)]
    answer = starter(states, "objects").answer([message(record(key), name=key[9:13]) for key in keys])
    back = failed(answer)
    assert back == [f"{each:04}" for each in range(1000 - len(back), 1000)]
    assert 0 < len(back) < 300
    assert sum(len(told["objects"]) for told in states.runs.values()) == 1000 - len(back)


def test_an_empty_batch_is_answered():
    assert starter(States(), "objects").answer([]) == {"batchItemFailures": []}
