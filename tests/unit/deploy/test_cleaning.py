"""What removes orphans: by team, what is made last first; what holds data stays unless it is asked for."""

import pytest

from shared.deploy.apply import apply
from shared.deploy.cleaning import plan_cleaning
from shared.deploy.guard import lane_tags
from shared.deploy.lane_deployment import prepare_lane
from shared.deploy.readback.orphans import Orphan
from shared.deploy.resources import KINDS


@pytest.fixture
def orphans(make_lane, project, aws, snapshot):
    """All that a team has whose file is gone, as orphans are found."""
    lane = make_lane("team4")
    prepare_lane(lane, project, aws).deploy()
    aws.s3.put_object(Bucket=lane.bucket, Key="thesis.tex", Body=b"mine")
    found = [(kind, name) for kind in KINDS for name in KINDS[kind].names(aws, "team4")]
    return [Orphan("team4", kind, name, lane.owner, "gone", "fix") for kind, name in found]


def test_all_but_data_goes_in_order_and_the_data_is_there(orphans, aws, snapshot):
    cleaning = plan_cleaning(aws, "dev", orphans, data=False)
    (plan,) = cleaning.plans
    kinds = [step.kind for step in plan.steps]
    assert kinds.index("state machine") < kinds.index("function") < kinds.index("role") < kinds.index("policy")
    assert [(each.orphan.kind, each.fix) for each in cleaning.kept] == [
        ("bucket", "it may hold data, so it stays; --data removes it")
    ]
    apply(plan, aws)
    left = snapshot("team4")
    assert [each["name"] for each in left.pop("buckets")] == [cleaning.kept[0].orphan.name]
    assert not any(left.values())


def test_with_data_nothing_is_left_and_no_other_team_is_touched(orphans, make_lane, project, aws, snapshot):
    prepare_lane(make_lane("team2"), project, aws).deploy()
    before = snapshot("team2")
    (plan,) = plan_cleaning(aws, "dev", orphans, data=True).plans
    apply(plan, aws)
    assert not any(snapshot("team4").values())
    assert snapshot("team2") == before


def test_what_somebody_else_took_since_is_refused(orphans, make_lane, aws):
    bucket = next(each for each in orphans if each.kind == "bucket")
    (plan,) = plan_cleaning(aws, "dev", [bucket], data=True).plans
    tags = [{"Key": key, "Value": value} for key, value in lane_tags(make_lane("team2")).items()]
    aws.s3.put_bucket_tagging(Bucket=bucket.name, Tagging={"TagSet": tags})
    with pytest.raises(Exception, match="belongs to team team2"):
        apply(plan, aws)
    assert aws.s3.head_bucket(Bucket=bucket.name)


def test_what_lanes_cannot_remove_and_what_names_no_team_stays_with_what_to_do(aws):
    strange = Orphan("team4", "sagemaker", "arn:aws:sagemaker:x", "", "why", "bring the file back")
    nobody = Orphan("", "role", "team4-x-role-0badcafe", "", "why", "tag it with its team, or delete it by hand")
    cleaning = plan_cleaning(aws, "dev", [strange, nobody], data=True)
    assert (cleaning.plans, cleaning.steps) == ((), 0)
    assert [each.fix for each in cleaning.kept] == ["lanes removes no such thing: delete it by hand", nobody.fix]
