"""The power goes at every transaction of a scenario: all that was acknowledged is there, and nothing is half.

No process is started: what a power cut leaves is the file as it was after the last commit.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import sqlite3
import zipfile

import pytest
from moto.awslambda.models import lambda_backends
from moto.core.base_backend import BackendDict
from moto.dynamodb.models import dynamodb_backends
from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from shared.aws.access_key import AccessKey
from shared.aws.client import connect_endpoint
from shared.config.cloud_bounds import CloudBounds
from shared.config.lane import Place
from shared.local import dynamodb
from shared.local.changing import Changes
from shared.local.cloud import moto_environment
from shared.local.keeping.app import Keeping
from shared.local.keeping.journal import Journal
from shared.local.keeping.loading import load
from shared.local.keeping.schema import LAYOUT, SCHEMA
from shared.local.keeping.shelves import Notes
from shared.local.keeping.tables import all_tables
from shared.local.keeping.units import Units
from shared.local.keeping.watching import watched
from shared.local.objects import plug as objects
from shared.local.objects.arriving import leave_unread
from shared.local.server import MotoServer
from shared.local.storage import Database, Storage
from tests.helpers.in_process import go_straight

ACCOUNT, REGION = "123456789012", "us-east-1"


class Cut(Database):
    """A database that keeps what a power cut would leave just before and just after each commit, by numbers."""

    def __init__(self, path):
        self.cuts = []
        super().__init__(path, LAYOUT, SCHEMA)

    @contextlib.contextmanager
    def transaction(self):
        with super().transaction() as writer:
            yield writer
            self._cut()
        self._cut()

    def _cut(self):
        left = self.path.with_suffix(f".{len(self.cuts)}")
        with (
            contextlib.closing(sqlite3.connect(self.path)) as reader,
            contextlib.closing(sqlite3.connect(left)) as copy,
        ):
            reader.backup(copy)
        self.cuts.append(left)


class World:
    """moto with a journal, and clients of it."""

    def __init__(self, path, server):
        self._parts = contextlib.ExitStack()
        self._parts.callback(BackendDict.reset)
        contents = self._parts.enter_context(objects.install(server.storage))
        contents.hold()  # a cut may lead to any of them
        self._parts.enter_context(dynamodb.install())
        self.changes, self.units, self.notes = Changes(), Units(), Notes()
        self.database = Cut(path)
        self.journal = Journal(self.database, self.changes, self.units, self.notes)
        server.now = Keeping(server.moto, self.changes, self.journal)

    def __enter__(self):
        self.journal._used = load(self.database, None, self.units)
        self._parts.enter_context(watched(self.changes, self.notes))
        return self

    def __exit__(self, *_):
        self._parts.close()
        self.database.close()


class Server:
    """moto's application, with what stands before it for now, and clients that call it without a socket."""

    def __init__(self, folder):
        self.storage = Storage(folder, persistent=False, bounds=CloudBounds())
        self.now = self.moto = None
        with moto_environment(ACCOUNT), MotoServer(0, self._keep) as server:
            place = Place(ACCOUNT, REGION, "dev")
            self.aws = go_straight(connect_endpoint(place, server.endpoint, AccessKey("AKIA", "s")), server.application)

    def _keep(self, moto):
        self.moto = moto
        return self._answer

    def _answer(self, environ, start):
        if environ["REQUEST_METHOD"] == "PUT" and environ["PATH_INFO"].count("/") > 1 and "/s3/" in str(environ):
            leave_unread(environ)  # as the decisions before moto do
        return self.now(environ, start)

    def client(self, name):
        return self.aws.client(name)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with moto_environment(ACCOUNT), pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")  # nothing here decodes chunks
        yield Server(tmp_path_factory.mktemp("data"))


def at(backends, region=REGION):
    return backends[ACCOUNT][region]


def zipped(text):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("m.py", text)
    return held.getvalue()


def function(server, name, text="x" * 70_000):
    role, code = f"arn:aws:iam::{ACCOUNT}:role/r", {"ZipFile": zipped(text)}
    server.client("lambda").create_function(
        FunctionName=name, Runtime="python3.12", Role=role, Handler="m.h", Code=code
    )


def table(server):
    server.client("dynamodb").create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "a", "AttributeType": "S"},
            {"AttributeName": "b", "AttributeType": "N"},
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )


def key(number):
    return {"a": {"S": "h"}, "b": {"N": str(number)}}


def item(server, number, text="v"):
    server.client("dynamodb").put_item(TableName="t", Item=key(number) | {"c": {"S": text}})


def changed_item(server):
    values = {":c": {"S": "changed"}}
    server.client("dynamodb").update_item(
        TableName="t", Key=key(1), UpdateExpression="SET c = :c", ExpressionAttributeValues=values
    )


def two_items(server):
    puts = [{"Put": {"TableName": "t", "Item": key(number)}} for number in (10, 11)]
    server.client("dynamodb").transact_write_items(TransactItems=puts)


def two_queues(server):
    server.client("sqs").create_queue(QueueName="dead")
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    server.client("sqs").create_queue(QueueName="q", Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "0"})


def topic(server):
    arn = server.client("sns").create_topic(Name="topic")["TopicArn"]
    for name in ("q", "dead"):
        endpoint = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        server.client("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=endpoint)


def publish(server):
    server.client("sns").publish(TopicArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:topic", Message="to both")


def url(server):
    return server.client("sqs").get_queue_url(QueueName="q")["QueueUrl"]


def receive(server):
    server.client("sqs").receive_message(QueueUrl=url(server))


def put(server, name, value):
    server.client("s3").put_object(Bucket="bucket", Key=name, Body=value)


def versioned(server):
    server.client("s3").put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})


def rule(server):
    server.client("events").put_rule(Name="rule", EventPattern='{"source": ["s"]}')
    target = {"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}
    server.client("events").put_targets(Rule="rule", Targets=[target])


def role(server):
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    server.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=document)
    server.client("iam").create_instance_profile(InstanceProfileName="p")
    server.client("iam").add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")


def user(server):
    server.client("iam").create_user(UserName="u")
    server.client("iam").create_access_key(UserName="u")


SCENARIO = [
    lambda server: server.client("s3").create_bucket(Bucket="bucket"),
    lambda server: put(server, "a", b"one"),
    lambda server: put(server, "b", b"1" * 100_000),
    versioned,
    lambda server: put(server, "a", b"two"),
    lambda server: server.client("s3").delete_object(Bucket="bucket", Key="b"),
    table,
    lambda server: item(server, 1),
    lambda server: item(server, 2),
    changed_item,
    lambda server: server.client("dynamodb").delete_item(TableName="t", Key=key(2)),
    two_items,
    two_queues,
    topic,
    publish,
    receive,
    receive,
    role,
    user,
    lambda server: function(server, "f"),
    lambda server: function(server, "g"),
    lambda server: server.client("lambda").publish_version(FunctionName="f"),
    lambda server: server.client("lambda").update_function_code(FunctionName="g", ZipFile=zipped("y" * 70_000)),
    lambda server: server.client("lambda").delete_function(FunctionName="f"),
    rule,
    lambda server: server.client("sqs").purge_queue(QueueUrl=url(server)),
    lambda server: server.client("dynamodb").delete_table(TableName="t"),
    table,
    lambda server: item(server, 3),
]


def observed():
    """Return what can be seen of the tables, in a form that can be compared."""
    buckets = {
        name: {
            key: [(type(each).__name__, getattr(each, "value", None), each.version_id) for each in versions]
            for key, versions in bucket.keys.lists()
        }
        for name, bucket in at(s3_backends, "aws").buckets.items()
    }
    tables = {
        name: (
            [item.to_json() for held in each.items.values() for item in held.values()],
            [record.record for record in each.stream_shard.items],
        )
        for name, each in at(dynamodb_backends).tables.items()
    }
    queues = {
        name: (
            [(each.id, each.body, each.approximate_receive_count, each.visible_at) for each in held._messages],
            held.dead_letter_queue and held.dead_letter_queue.name,
        )
        for name, held in at(sqs_backends).queues.items()
    }
    functions = {
        each.function_arn: (each.code_bytes, each.function_name) for each in at(lambda_backends).list_functions("ALL")
    }
    iam = at(iam_backends, "aws")
    rules = [
        [each.name, [target["Id"] for target in each.targets]]
        for bus in at(events_backends).event_buses.values()
        for each in bus.rules.values()
    ]
    topics = sorted(at(sns_backends).topics)
    subscriptions = sorted(each.endpoint for each in at(sns_backends).subscriptions.values())
    keys = [key.access_key_id for user in iam.users.values() for key in user.access_keys]
    named = sorted(iam.roles), sorted(iam.instance_profiles), keys, topics, subscriptions
    return [buckets, tables, queues, functions, rules, *named]


def identities():
    """Say of things that are reached in two ways whether they are one."""
    sqs, iam, functions = at(sqs_backends), at(iam_backends, "aws"), at(lambda_backends)._lambdas
    yield "q" not in sqs.queues or sqs.queues["q"].dead_letter_queue is sqs.queues["dead"]
    for profile in iam.instance_profiles.values():
        yield all(each is iam.roles[each.id] for each in profile.roles)
    for each in at(sns_backends).subscriptions.values():
        yield each.topic is at(sns_backends).topics[each.topic.arn]
    for name, held in functions._functions.items():
        yield functions._arns[held["latest"].function_arn] is held["latest"], name
    for each in at(dynamodb_backends).tables.values():
        yield each.stream_shard.table is each
    for user in iam.users.values():
        yield all(iam.access_keys[each.access_key_id] is each for each in user.access_keys)


def lived(path, server):
    """Live through the scenario; return what can be seen after each call, and what each power cut would leave.

    A cut is a file, and how many calls were acknowledged before it.
    """
    told, cuts = [], []
    with World(path, server) as world:
        told.append(observed())
        answer = server.now

        def watching(environ, start):
            before = len(world.database.cuts)
            body = answer(environ, start)
            cuts.extend((left, len(told) - 1) for left in world.database.cuts[before:])
            told.append(observed())
            return body

        server.now = watching
        for step in SCENARIO:
            step(server)
    return told, cuts


def test_whenever_the_power_goes_all_that_was_acknowledged_is_there_whole(tmp_path, server):
    told, cuts = lived(tmp_path / "a.db", server)
    assert len(cuts) > len(SCENARIO)
    for number, (left, acknowledged) in enumerate(cuts):
        with World(left, server):
            assert all(identities())
            assert observed() == told[acknowledged + number % 2], left  # after a commit, its call is there too


def test_an_answer_before_the_write_would_be_found(tmp_path, server, monkeypatch):
    written = Journal.written

    def every_other(journal, number):
        journal.late = not getattr(journal, "late", False)
        if not journal.late:
            written(journal, number)

    monkeypatch.setattr(Journal, "written", every_other)
    told, cuts = lived(tmp_path / "a.db", server)
    lost = 0
    for left, acknowledged in cuts[::2]:
        with World(left, server):
            lost += observed() != told[acknowledged]
    assert lost > len(cuts[::2]) / 2


def test_a_call_writes_only_what_it_has_changed(tmp_path, server):
    path = tmp_path / "a.db"
    lived(path, server)
    with World(path, server):
        item(server, 4)
        with contextlib.closing(sqlite3.connect(path)) as reader:
            before = reader.execute("SELECT * FROM units").fetchall()
            item(server, 5)
            assert reader.execute("SELECT * FROM units").fetchall() == before
        expected = observed()
    with World(path, server):
        assert observed() == expected


def test_a_blob_that_nothing_names_any_more_goes(tmp_path, server):
    path = tmp_path / "a.db"
    with World(path, server):
        role(server)
        function(server, "f")
    with World(path, server) as world:
        assert len(world.database.read("SELECT name FROM blobs"))
        server.client("lambda").update_function_code(FunctionName="f", ZipFile=zipped("y" * 70_000))
        server.client("lambda").delete_function(FunctionName="f")
        assert world.database.read("SELECT name FROM blobs") == []


def reached(thing, met):
    """Yield all dictionaries, lists and objects of moto's that *thing* leads to."""
    if id(thing) in met or isinstance(thing, (str, bytes, int, type)):
        return
    met[id(thing)] = thing
    if isinstance(thing, dict):
        yield thing
        for each in list(dict.values(thing)):
            yield from reached(each, met)
    elif isinstance(thing, (list, tuple)):
        if isinstance(thing, list):
            yield thing
        for each in list(thing):
            yield from reached(each, met)
    elif type(thing).__module__.startswith("moto.") and hasattr(thing, "__dict__"):
        yield from reached(vars(thing), met)


def something_is_changed(chance, place):
    """Change an entry or an element anywhere, in a way that no class of moto's is asked about."""
    value = chance.choice([chance.random(), str(chance.random()), [chance.random()], {"x": [1]}])
    if isinstance(place, list):
        place.insert(chance.randint(0, len(place)), value)
        return lambda: place.remove(value)
    key = chance.choice([*place, "something new"])
    had, before = key in place, dict.get(place, key)
    dict.__setitem__(place, key, value)
    return lambda: dict.__setitem__(place, key, before) if had else dict.__delitem__(place, key)


def written_by(units, tables):
    """Return what differs, as addresses and pickles."""
    return {draft.unit.addresses: draft.state for draft in units.changed(tables)}


def test_what_is_changed_anywhere_is_found_as_if_all_were_pickled(tmp_path, server):
    chance, found = random.Random(18), 0
    with World(tmp_path / "a.db", server) as world:
        for step in SCENARIO[:-4]:
            step(server)
        tables = {
            table: backend
            for table, backend in all_tables()
            if table.name in {"sqs_backends", "lambda_backends", "sns_backends", "events_backends", "iam_backends"}
        }
        assert len(tables) == 5
        world.units.accept(world.units.changed(tables))
        places = [
            place
            for backend in tables.values()
            for name, value in vars(backend).items()
            for place in reached(value, {id(each): each for each in tables.values()})
        ]
        assert len(places) > 100
        for place in chance.sample(places, 60):
            undo = something_is_changed(chance, place)
            try:
                quick = written_by(world.units, tables)
                world.units.forget()
                assert quick == written_by(world.units, tables)
                found += bool(quick)
            finally:
                undo()
                world.units.forget()
                world.units.accept(world.units.changed(tables))
        assert found > 30
