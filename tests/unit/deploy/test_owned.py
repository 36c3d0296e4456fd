"""What a workflow owns: made with its tags, left alone, mended, kept or removed when no card names it, gone at last."""

import dataclasses
import json
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError
from moto.sqs.models import sqs_backends

from shared.config.resources import Queue, Setting, Topic
from shared.deploy.apply import apply
from shared.deploy.guard import OwnershipError
from shared.deploy.plan import plan_changes, plan_removal
from shared.deploy.readback.lanes import deployed_documents
from shared.deploy.readback.orphans import find_orphans
from shared.deploy.readback.sight import Sight
from shared.deploy.resources import KINDS, bucket, queue, secret, setting, topic, wanted_resources
from shared.deploy.sources import read_sources
from shared.deploy.watch import Watch
from tests.helpers.owned import owned, owning

AT_ONCE = Watch(sleep=lambda _: None)
OF_WORKFLOWS = ("table", "queue", "topic", "bucket", "secret", "setting")
QUEUE, DEAD = "team2-cosmic-work-7078ea12", "team2-cosmic-work-dead-letters-7078ea12"
TOPIC, RAW = "team2-cosmic-done-7078ea12", "team2-cosmic-raw-7078ea12"
SECRET, SETTING = "team2/cosmic-token-7078ea12", "/team2/cosmic-limit-7078ea12"


@pytest.fixture(scope="module")
def clients(connect):
    return connect()


@pytest.fixture
def aws(clients, cloud):
    """Return clients of an empty cloud: the same ones for every test, for they take long to make."""
    return clients


@pytest.fixture
def lane(lane):
    """Return a lane whose workflow owns one or two of each kind."""
    return owned(lane, owning(lane.workflows["cosmic"]))


def plan(lane, aws):
    return plan_changes(lane, wanted_resources(read_sources(lane)), aws)


def deploy(lane, aws):
    """Deploy what stands before there is code, and return the changes, as kind and action, of what workflows own."""
    todo = plan(lane, aws)
    apply(todo, aws, AT_ONCE)
    assert plan(lane, aws).changes == ()
    return [(step.kind, step.action) for step in todo.changes if step.kind in OF_WORKFLOWS]


def changed(lane, **changes):
    return owned(lane, dataclasses.replace(lane.workflows["cosmic"], **changes))


def test_each_is_made_with_its_tags_and_left_alone_and_nothing_is_there_in_the_end(lane, aws):
    made = deploy(lane, aws)
    order = ["bucket", "bucket", "table", "table", "queue", "queue", "topic", "secret", "setting"]
    assert made == [(kind, "create") for kind in order]
    for want in wanted_resources(read_sources(lane)):
        assert KINDS[want.kind].current(aws, want.name).tags == want.tags, want.name
    apply(plan_removal(lane, aws), aws, AT_ONCE)
    assert [list(KINDS[kind].names(aws, "team2")) for kind in OF_WORKFLOWS] == [[]] * len(OF_WORKFLOWS)


def test_every_queue_is_listed_though_sqs_tells_a_thousand_at_a_time(aws):
    here = sqs_backends["123456789012"]["us-east-1"]
    for number in range(1001):
        here.create_queue(f"team2-q{number}-7078ea12")
    assert len(list(queue.names(aws, "team2"))) == 1001


def test_what_no_card_names_any_more_stays_where_it_holds_data(lane, make_lane, aws):
    deploy(lane, aws)
    assert deploy(make_lane(), aws) == [("setting", "delete"), ("topic", "delete")]
    apply(plan_removal(make_lane(), aws), aws, AT_ONCE)
    assert [list(KINDS[kind].names(aws, "team2")) for kind in OF_WORKFLOWS] == [[]] * len(OF_WORKFLOWS)


@pytest.mark.parametrize("kind", OF_WORKFLOWS)
def test_another_teams_is_refused(lane, make_lane, aws, kind):
    other = make_lane("team3")
    deploy(owned(other, owning(other.workflows["cosmic"], "team3")), aws)
    theirs = owning(lane.workflows["cosmic"], "team3")
    plural = f"{kind}s"
    with pytest.raises(OwnershipError, match=f"{kind} /?team3.cosmic.* belongs to team team3"):
        plan(changed(lane, **{plural: getattr(theirs, plural)}), aws)


def test_a_lost_tag_comes_back(lane, aws):
    deploy(lane, aws)
    aws.client("sqs").untag_queue(QueueUrl=lane.queue_url(QUEUE), TagKeys=["course"])
    aws.client("sns").untag_resource(ResourceArn=lane.topic_arn(TOPIC), TagKeys=["course"])
    aws.client("secretsmanager").untag_resource(SecretId=SECRET, TagKeys=["course"])
    aws.client("ssm").remove_tags_from_resource(ResourceType="Parameter", ResourceId=SETTING, TagKeys=["course"])
    updates = [(kind, "update") for kind in ("queue", "topic", "secret", "setting")]
    assert deploy(lane, aws) == updates


# Queues


def test_a_queue_has_one_for_its_dead_letters_which_is_made_before_it(lane, aws):
    deploy(lane, aws)
    found, dead = queue.current(aws, QUEUE), queue.current(aws, DEAD)
    assert found.properties["redrive"] == {"deadLetterTargetArn": lane.queue_arn(DEAD), "maxReceiveCount": 3}
    assert found.properties["visibility_seconds"] == 60
    assert dead.properties["kept_seconds"] == 14 * 86_400
    assert found.properties["encrypted_by_sqs"]
    assert dead.properties["encrypted_by_sqs"]


def test_a_queue_that_was_changed_by_hand_or_on_the_card_is_mended(lane, aws):
    deploy(lane, aws)
    sqs, on = aws.client("sqs"), {"QueueUrl": lane.queue_url(QUEUE)}
    wide = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*"}]}
    by_hand = {"Policy": json.dumps(wide), "SqsManagedSseEnabled": "false", "RedrivePolicy": ""}
    sqs.set_queue_attributes(**on, Attributes=by_hand)
    assert deploy(lane, aws) == [("queue", "update")]
    attributes = sqs.get_queue_attributes(**on, AttributeNames=["All"])["Attributes"]
    assert "Policy" not in attributes
    sqs.set_queue_attributes(**on, Attributes={"KmsMasterKeyId": "alias/ann"})
    with pytest.raises(ClientError, match="one type of server-side encryption"):
        sqs.set_queue_attributes(**on, Attributes={"SqsManagedSseEnabled": "true"})
    assert deploy(lane, aws) == [("queue", "update")]
    assert deploy(lane, aws) == []
    queues = {"work": Queue(QUEUE, DEAD, 90, 5)}
    assert deploy(changed(lane, queues=queues), aws) == [("queue", "update")]


def test_messages_are_there_after_a_change(lane, aws):
    deploy(lane, aws)
    sqs, on = aws.client("sqs"), {"QueueUrl": lane.queue_url(QUEUE)}
    sqs.send_message(**on, MessageBody="work")
    deploy(changed(lane, queues={"work": Queue(QUEUE, DEAD, 90, 5)}), aws)
    assert sqs.receive_message(**on)["Messages"][0]["Body"] == "work"


# Topics


def test_a_topic_lets_in_nobody_but_its_own_account(lane, aws):
    deploy(lane, aws)
    statements = topic.current(aws, TOPIC).properties["policy"]["Statement"]
    assert {each["Effect"] for each in statements} == {"Deny"}


def test_addresses_come_and_go_and_those_that_have_not_confirmed_are_known(lane, aws):
    deploy(lane, aws)
    assert topic.unconfirmed(topic.current(aws, TOPIC)) == ["a@example.edu"]
    topics = {"done": Topic(TOPIC, ("a@example.edu", "b@example.edu"))}
    assert deploy(changed(lane, topics=topics), aws) == [("topic", "update")]
    confirm(aws, "a@example.edu")
    assert topic.unconfirmed(topic.current(aws, TOPIC)) == ["b@example.edu"]
    nobody = {"done": Topic(TOPIC)}
    assert deploy(changed(lane, topics=nobody), aws) == [("topic", "update")]  # b cannot be removed, and gets nothing
    found = topic.current(aws, TOPIC)
    assert found.properties["confirmed"] == {}
    assert topic.unconfirmed(found) == ["b@example.edu"]


def test_a_policy_and_a_subscription_by_hand_are_taken_back(lane, aws):
    deploy(lane, aws)
    sns, on = aws.client("sns"), {"TopicArn": lane.topic_arn(TOPIC)}
    sns.set_topic_attributes(**on, AttributeName="Policy", AttributeValue='{"Version": "2012-10-17", "Statement": []}')
    sns.subscribe(**on, Protocol="sqs", Endpoint=lane.queue_arn(QUEUE))
    assert deploy(lane, aws) == [("topic", "update")]


def confirm(aws, address):
    from moto.backends import get_backend

    backend = get_backend("sns")[aws.place.account][aws.place.region]
    for each in backend.subscriptions.values():
        if each.endpoint == address:
            each.confirmed = True


# Buckets, secrets and settings


def test_a_further_bucket_is_as_hard_as_the_first_and_has_no_scratch(lane, aws):
    deploy(lane, aws)
    first, further = (bucket.current(aws, name).properties for name in (lane.bucket, RAW))
    same = set(first) - {"policy", "lifecycle"}
    assert {key: first[key] for key in same} == {key: further[key] for key in same}
    assert json.dumps(first["policy"]).replace(lane.bucket, RAW) == json.dumps(further["policy"])
    assert set(further["lifecycle"]) == {"old-versions"}
    assert set(first["lifecycle"]) == {"old-versions", "scratch"}


def test_a_secret_has_no_value_and_one_that_was_set_stays(lane, aws):
    deploy(lane, aws)
    manager = aws.client("secretsmanager")
    assert "VersionIdsToStages" not in manager.describe_secret(SecretId=SECRET)
    manager.put_secret_value(SecretId=SECRET, SecretString="mine")
    manager.untag_resource(SecretId=SECRET, TagKeys=["course"])
    assert deploy(lane, aws) == [("secret", "update")]
    assert manager.get_secret_value(SecretId=SECRET)["SecretString"] == "mine"


def test_the_secrets_of_other_kinds_are_none_of_these(lane, aws):
    manager = aws.client("secretsmanager")
    for name in ("team2/database-7078ea12", "team2/rendezvous-7078ea12", "team2/rendezvous-key-7078ea12"):
        manager.create_secret(Name=name, SecretString="x")
    assert list(secret.names(aws, "team2")) == ["team2/rendezvous-key-7078ea12"]
    assert list(KINDS["rendezvous key"].names(aws, "team2")) == ["team2/rendezvous-7078ea12"]
    assert list(KINDS["database"].names(aws, "team2")) == ["team2/database-7078ea12"]


def test_a_settings_value_follows_the_card(lane, aws):
    deploy(lane, aws)
    aws.client("ssm").put_parameter(Name=SETTING, Value="by hand", Type="String", Overwrite=True)
    assert deploy(lane, aws) == [("setting", "update")]
    assert deploy(changed(lane, settings={"limit": Setting(SETTING, "11")}), aws) == [("setting", "update")]
    assert setting.current(aws, SETTING).properties == {"type": "String", "value": "11"}


# Reading back


def test_what_no_file_explains_any_more_is_found_with_the_way_to_remove_it(lane, make_lane, aws, project):
    deploy(lane, aws)
    sight = Sight()
    plain = SimpleNamespace(
        names={"team2": []},
        place=lane.place,
        naming=SimpleNamespace(slug=SimpleNamespace(reserved=["platform"], pattern="[a-z][a-z0-9]{1,11}")),
        teams={"team2": make_lane()},
    )
    found = {(each.kind, each.name): each.fix for each in find_orphans(plain, aws, sight) if each.kind in OF_WORKFLOWS}
    own = {(each.kind, each.name) for each in wanted_resources(read_sources(lane)) if each.kind in OF_WORKFLOWS}
    assert set(found) == own
    assert "aws sqs delete-queue" in found["queue", QUEUE]
    assert "lanes deploy team2" in found["topic", TOPIC]
    assert "delete-secret" in found["secret", SECRET]
    assert sight.unseen == ()


def test_the_policies_of_topics_queues_and_secrets_are_read_back(lane, aws):
    deploy(lane, aws)
    wide = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage"}]}
    aws.client("sqs").set_queue_attributes(QueueUrl=lane.queue_url(QUEUE), Attributes={"Policy": json.dumps(wide)})
    aws.client("secretsmanager").put_resource_policy(SecretId=SECRET, ResourcePolicy=json.dumps(wide))
    documents = {each.attached.split(":")[2]: each.body for each in deployed_documents(lane, aws, Sight())}
    assert documents["sqs"] == documents["secretsmanager"] == wide
    assert {each["Effect"] for each in documents["sns"]["Statement"]} == {"Deny"}


def test_a_topics_policy_in_another_spelling_is_the_same(lane, aws):
    deploy(lane, aws)
    policy = json.dumps(topic.current(aws, TOPIC).properties["policy"])
    spelled = policy.replace('"sns:', '"SNS:').replace('"Principal": "*"', '"Principal": {"AWS": "*"}')
    on = {"TopicArn": lane.topic_arn(TOPIC), "AttributeName": "Policy"}
    aws.client("sns").set_topic_attributes(**on, AttributeValue=spelled)
    assert plan(lane, aws).changes == ()
