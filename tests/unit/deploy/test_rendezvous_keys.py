"""Teams' keys at the rendezvous: made from one master, mended when that changed, and never written anywhere else."""

import json

import pytest

from shared.aws.client import Aws
from shared.cli.plan_view import as_data
from shared.config.platform import SLUG
from shared.deploy.apply import apply
from shared.deploy.guard import OwnershipError, lane_tags
from shared.deploy.plan import plan_changes, plan_removal
from shared.deploy.rendezvous_keys import MASTER_SECRET, MASTER_TAGS, make_master, put_key, read_master, signed
from shared.deploy.resources import database, rendezvous_key
from shared.deploy.watch import Watch
from shared.errors import LanesError
from shared.fmi.rendezvous.keys import Judgement, TeamKeys, team_key


@pytest.fixture(scope="module")
def clients(connect):
    return connect()


@pytest.fixture
def aws(clients, cloud):
    """Return clients of an empty cloud: the same ones for every test, for they take long to make."""
    return clients


@pytest.fixture
def keyed(make_lane):
    """Return a function that makes a lane with a key and nothing else to deploy."""
    return lambda team="team2": make_lane(
        team, functions={}, workflows={}, rendezvous_key=f"{team}/rendezvous-7078ea12"
    )


@pytest.fixture
def planned(aws):
    return lambda lane: plan_changes(lane, [rendezvous_key.desired(lane, lane_tags(lane))], aws)


@pytest.fixture
def deploy(aws, planned):
    def run(lane):
        todo = planned(lane)
        apply(todo, aws, Watch(sleep=never))
        return todo

    return run


def never(_seconds):
    pytest.fail("it waited for what is there already")


def changes(todo):
    return [f"{step.action} {step.kind}" for step in todo.changes]


def stored(aws, name):
    return aws.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]


def put(aws, name, text, tags=None):
    listed = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
    aws.client("secretsmanager").create_secret(Name=name, SecretString=text, Tags=listed)


def rotate(aws):
    new = b"n" * 32
    aws.client("secretsmanager").put_secret_value(SecretId=MASTER_SECRET, SecretString=new.hex())
    return new


def test_the_first_team_makes_the_master_and_its_own_key_and_the_second_its_own(aws, keyed, deploy, planned):
    one, other = keyed("team1"), keyed("team2")
    assert changes(deploy(one)) == ["create log delivery", "create rendezvous master key", "create rendezvous key"]
    assert changes(deploy(other)) == ["create rendezvous key"]
    assert planned(one).changes == planned(other).changes == ()
    keys = TeamKeys(read_master(aws))
    for lane in (one, other):
        assert keys.judge(signed(lane, aws).pair_name(0, 1)) == (Judgement.VERIFIED, lane.team)
    found = aws.client("secretsmanager").describe_secret(SecretId=one.rendezvous_key)
    assert {tag["Key"]: tag["Value"] for tag in found["Tags"]} == lane_tags(one)


def test_no_key_stands_in_a_plan(aws, keyed, deploy, planned):
    lane = keyed()
    made = deploy(lane)
    old = [stored(aws, MASTER_SECRET), stored(aws, lane.rendezvous_key)]
    rotate(aws)
    mended = planned(lane)
    told = json.dumps([as_data(made, aws.target), as_data(mended, aws.target)]) + repr((made, mended))
    assert not any(secret in told for secret in (*old, stored(aws, MASTER_SECRET)))


def test_a_master_that_was_changed_heals_with_the_next_deploy(aws, keyed, deploy, planned):
    lane = keyed()
    deploy(lane)
    new = rotate(aws)
    todo = deploy(lane)
    assert changes(todo) == ["update rendezvous key"]
    assert todo.changes[0].diff == (f"key: made from another -> made from {MASTER_SECRET}",)
    assert stored(aws, lane.rendezvous_key) == team_key(new, lane.team).hex()
    assert planned(lane).changes == ()


def test_a_key_and_tags_changed_by_hand_are_put_back(aws, keyed, deploy, planned):
    lane = keyed()
    deploy(lane)
    manager = aws.client("secretsmanager")
    manager.put_secret_value(SecretId=lane.rendezvous_key, SecretString="by hand")
    manager.untag_resource(SecretId=lane.rendezvous_key, TagKeys=["owner"])
    assert planned(lane).changes[0].diff[1] == "tag owner: none -> team2@example.edu"
    deploy(lane)
    assert signed(lane, aws).key == team_key(read_master(aws), lane.team)
    assert planned(lane).changes == ()


def test_two_that_deploy_first_at_once_make_one_master(aws, keyed, planned):
    lanes = [keyed("team1"), keyed("team2")]
    plans = [planned(lane) for lane in lanes]
    assert all("create rendezvous master key" in changes(todo) for todo in plans)
    masters = []
    for todo in plans:
        apply(todo, aws, Watch(sleep=never))
        masters.append(read_master(aws))
    assert masters[0] == masters[1]
    assert all(signed(lane, aws).key == team_key(masters[0], lane.team) for lane in lanes)


class Racing:
    """Clients of a cloud in which somebody makes a secret just before we do."""

    def __init__(self, aws, first):
        self._aws, self._first = aws, first

    def client(self, service, _region=None):
        self._manager = self._aws.client(service)
        return self

    def __getattr__(self, name):
        return getattr(self._manager, name)

    def create_secret(self, **asked):
        while self._first:
            self._first.pop()()
        return self._manager.create_secret(**asked)


def test_who_comes_second_takes_the_first_ones_master(aws):
    theirs = b"t" * 32
    assert make_master(Racing(aws, [lambda: put(aws, MASTER_SECRET, theirs.hex(), MASTER_TAGS)])) == theirs
    assert read_master(aws) == theirs


def test_a_secret_that_somebody_else_made_since_the_plan_is_not_taken_over(aws, keyed):
    lane = keyed()
    make_master(aws)
    params = {"secret": lane.rendezvous_key, "team": lane.team, "tags": lane_tags(lane)}
    racing = Racing(aws, [lambda: put(aws, lane.rendezvous_key, "theirs")])
    with pytest.raises(OwnershipError, match="carries no tag that says whose it is"):
        put_key(racing, params, Watch(sleep=never))
    manager = aws.client("secretsmanager")
    assert manager.get_secret_value(SecretId=lane.rendezvous_key)["SecretString"] == "theirs"


def test_a_master_that_is_not_the_platforms_is_refused(aws, keyed, planned):
    put(aws, MASTER_SECRET, "ab" * 32)
    with pytest.raises(OwnershipError, match="carries no tag that says whose it is") as caught:
        planned(keyed())
    assert "team=platform" in caught.value.fix
    assert "abab" not in str(caught.value)


def test_a_master_that_is_no_key_is_refused_without_being_shown(aws, keyed, planned):
    put(aws, MASTER_SECRET, "hunter2", MASTER_TAGS)
    with pytest.raises(LanesError, match=f"{MASTER_SECRET} does not hold 64 hex digits") as caught:
        planned(keyed())
    assert "hunter2" not in str(caught.value)


def test_a_master_about_to_be_deleted_is_told_with_what_saves_it(aws, keyed, deploy, planned):
    deploy(keyed())
    aws.client("secretsmanager").delete_secret(SecretId=MASTER_SECRET, RecoveryWindowInDays=7)
    with pytest.raises(LanesError, match="about to be deleted") as caught:
        planned(keyed())
    assert "restore-secret" in caught.value.fix


def test_a_key_that_is_another_teams_is_refused_and_left(aws, keyed, planned):
    lane = keyed()
    make_master(aws)
    put(aws, lane.rendezvous_key, "theirs", {**lane_tags(lane), "team": "team1"})
    with pytest.raises(OwnershipError, match=f"rendezvous key {lane.rendezvous_key} belongs to team team1"):
        planned(lane)
    assert stored(aws, lane.rendezvous_key) == "theirs"


def test_a_team_goes_with_its_key_and_the_master_and_others_stay(aws, keyed, deploy, planned):
    gone, stays = keyed("team1"), keyed("team10")
    for lane in (gone, stays):
        deploy(lane)
    before = [stored(aws, name) for name in (MASTER_SECRET, stays.rendezvous_key)]
    todo = plan_removal(gone, aws)
    assert changes(todo) == ["delete rendezvous key"]
    apply(todo, aws, Watch(sleep=never))
    assert signed(gone, aws) is None
    assert [stored(aws, name) for name in (MASTER_SECRET, stays.rendezvous_key)] == before
    assert planned(stays).changes == ()
    assert changes(deploy(gone)) == ["create rendezvous key"]


def test_a_team_that_meets_nobody_any_more_loses_its_key(aws, keyed, deploy, make_lane):
    deploy(keyed())
    alone = make_lane("team2", functions={}, workflows={})
    assert changes(plan_changes(alone, [], aws)) == ["delete rendezvous key"]


def test_a_teams_deployer_plans_without_reading_a_key(aws, keyed, deploy, planned):
    lane = keyed()
    deploy(lane)
    rotate(aws)
    people = Aws(aws.session, aws.target, f"arn:aws:sts::123456789012:assumed-role/{lane.deployer}/ann")
    read = []
    people.client("secretsmanager").meta.events.register(
        "provide-client-params.secrets-manager.*",
        lambda params, model, **_: read.append((model.name, *params.values())),
    )
    assert plan_changes(lane, [rendezvous_key.desired(lane, lane_tags(lane))], people).changes == ()
    assert read == [("DescribeSecret", lane.rendezvous_key)]
    assert changes(planned(lane)) == ["update rendezvous key"]


def test_the_services_key_is_compared_whatever_the_platforms_role_is_called(aws, keyed, deploy):
    lane = keyed(SLUG)
    deploy(lane)
    rotate(aws)
    role = Aws(aws.session, aws.target, "arn:aws:sts::123456789012:assumed-role/platform-admin/ann")
    found = rendezvous_key.current(role, lane.rendezvous_key)
    assert rendezvous_key.steps(rendezvous_key.desired(lane, lane_tags(lane)), found).action == "update"


def test_a_teams_secrets_are_told_apart(aws, keyed, deploy):
    deploy(keyed())
    put(aws, "team2/database-7078ea12", "{}", lane_tags(keyed()))
    assert list(rendezvous_key.names(aws, "team2")) == ["team2/rendezvous-7078ea12"]
    assert list(database.names(aws, "team2")) == ["team2/database-7078ea12"]
