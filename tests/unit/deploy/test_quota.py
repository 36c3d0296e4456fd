"""Plans that ask for more concurrency than there is are refused, and nothing is done."""

import dataclasses
import json

import pytest
from botocore.exceptions import ClientError

from shared.deploy.concurrency import QuotaError
from shared.deploy.lane_deployment import prepare_lane
from shared.deploy.watch import Watch
from shared.errors import LanesError


def reserving(lane, count):
    functions = {
        key: dataclasses.replace(each, reserved_concurrency=count if each.reserved_concurrency else None)
        for key, each in lane.functions.items()
    }
    return dataclasses.replace(lane, functions=functions)


def test_a_plan_past_the_accounts_limit_is_refused_and_nothing_is_made(make_lane, project, aws, snapshot):
    prepare_lane(reserving(make_lane("team1", suffix="0a1b2c3d"), 890), project, aws).deploy()
    before = snapshot("team1")
    with pytest.raises(
        QuotaError, match=r"11 concurrent executions more .*, and 10 are left: the account has 1000, 890"
    ):
        prepare_lane(reserving(make_lane("team2"), 11), project, aws).deploy()
    assert not any(snapshot("team2").values())
    assert snapshot("team1") == before
    prepare_lane(reserving(make_lane("team2"), 10), project, aws).deploy()


def test_what_is_reserved_already_is_not_counted_again(make_lane, project, aws):
    lane = reserving(make_lane(), 900)
    prepare_lane(lane, project, aws).deploy()
    assert prepare_lane(lane, project, aws).plan().changes == ()
    assert len(prepare_lane(reserving(lane, 800), project, aws).plan().changes) == 1
    with pytest.raises(QuotaError, match="1 concurrent executions more"):
        prepare_lane(reserving(lane, 901), project, aws).plan()


def test_a_map_that_is_written_to_outrun_its_function_is_refused(lane, project, aws):
    template = lane.workflows["cosmic"].template
    body = json.loads(template.read_text())
    for concurrency, fine in ((8, True), (9, False), (0, True)):  # 0 is no bound: the input may still be small
        body["States"]["Ranks"]["MaxConcurrency"] = concurrency
        template.write_text(json.dumps(body))
        if fine:
            prepare_lane(lane, project, aws).plan()
        else:
            with pytest.raises(QuotaError, match=r"'Ranks': MaxConcurrency is 9, but .* has 8 reserved"):
                prepare_lane(lane, project, aws).plan()


def sized(lane, memory):
    functions = {key: dataclasses.replace(each, memory_mb=memory) for key, each in lane.functions.items()}
    return dataclasses.replace(lane, functions=functions)


@pytest.fixture
def new_account(aws):
    """An account whose functions get no more memory than a new one's: Service Quotas says so."""

    def tell(parsed, **_):
        parsed["Quotas"] = [{"QuotaName": "Function memory maximum", "Value": 3008.0}]

    aws.session.events.register("after-call.service-quotas.ListServiceQuotas", tell)
    return aws


def test_more_memory_than_the_account_gives_is_refused_and_nothing_is_made(lane, project, new_account, snapshot):
    with pytest.raises(QuotaError, match=r"(?s)team2-cosmic-init-7078ea12 3009 MB, .* 3008 MB at most.*fix: .*3008"):
        prepare_lane(sized(lane, 3009), project, new_account).deploy()
    assert not any(snapshot("team2").values())
    prepare_lane(sized(lane, 3008), project, new_account).deploy()


def test_memory_is_asked_about_only_where_it_grows_past_what_every_account_gives(lane, project, aws):
    asked = []
    aws.session.events.register("before-call.service-quotas.*", lambda **_: asked.append(1))
    prepare_lane(sized(lane, 3008), project, aws).deploy()
    assert not asked
    prepare_lane(sized(lane, 10_240), project, aws).deploy()
    assert len(asked) == 1
    prepare_lane(sized(lane, 10_240), project, aws).plan()
    prepare_lane(sized(lane, 4000), project, aws).deploy()
    assert len(asked) == 1


def test_an_account_that_does_not_tell_refuses_by_itself(lane, project, aws):
    def refuse(**_):
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ListServiceQuotas")

    aws.session.events.register("before-call.service-quotas.*", refuse)
    assert prepare_lane(sized(lane, 10_240), project, aws).plan().changes


def test_what_lambda_says_of_a_new_accounts_memory_is_told_with_the_way_out(lane, project, aws):
    def refuse(**_):
        message = "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 3008"
        raise ClientError({"Error": {"Code": "InvalidParameterValueException", "Message": message}}, "CreateFunction")

    aws.session.events.register("before-call.lambda.CreateFunction", refuse)
    with pytest.raises(LanesError, match=r"(?s)fix: set memorySize to 3008 or less: the account is new"):
        prepare_lane(sized(lane, 10_240), project, aws).deploy(Watch(sleep=lambda _: None))
