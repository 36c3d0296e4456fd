"""What is kept of stacks that were deleted, of many events and change sets, and of what a cloud's end cut off."""

from datetime import timedelta

import pytest
from moto.cloudformation.models import cloudformation_backends

from shared.local.stacks.api.asked import Tables
from shared.local.stacks.interrupted import fail_interrupted
from shared.local.stacks.records import ChangeSet, Resource, Stack, now


def change_set(key, stack="id", executable="AVAILABLE"):
    return ChangeSet(key, "c", stack, makes=False, wanted=None, changes=[], executable=executable)


def deleted(number, days=0):
    stack = Stack(f"id{number}", "s", status="DELETE_COMPLETE")
    stack.deleted = now() - timedelta(days=days, seconds=1000 - number)
    return stack


def test_deleted_stacks_are_kept_for_90_days_and_no_more_than_500():
    old, others = deleted(0, days=91), [deleted(number) for number in range(1, 600)]
    there = Stack("here", "s", status="CREATE_COMPLETE")
    tables = Tables({each.stack_id: each for each in (old, there, *others)}, {})
    tables.forget_old()
    assert len(tables.stacks) == 501
    assert {"here", "id599"} <= tables.stacks.keys()
    assert not {"id0", "id1", "id99"} & tables.stacks.keys()
    tables.forget_old()
    assert len(tables.stacks) == 501


def test_an_old_one_goes_however_few_there_are():
    tables = Tables({"id0": deleted(0, days=91), "id1": deleted(1, days=89)}, {})
    tables.forget_old()
    assert list(tables.stacks) == ["id1"]


def test_a_stack_keeps_its_newest_events():
    stack = Stack("id", "s")
    for number in range(10_050):
        stack.become("UPDATE_COMPLETE", str(number))
    assert len(stack.events) == 10_000
    assert stack.events[-1].reason == "10049"


def test_a_stack_keeps_its_newest_change_sets():
    tables = Tables({}, {})
    for number in range(150):
        tables.add(change_set(f"c{number}"))
    tables.add(change_set("other", "another stack"))
    assert len(tables.change_sets) == 101
    assert {"other", "c149", "c50"} <= tables.change_sets.keys()


@pytest.mark.parametrize(
    ("status", "then"),
    [
        ("CREATE_IN_PROGRESS", "CREATE_FAILED"),
        ("ROLLBACK_IN_PROGRESS", "ROLLBACK_FAILED"),
        ("DELETE_IN_PROGRESS", "DELETE_FAILED"),
        ("UPDATE_IN_PROGRESS", "UPDATE_FAILED"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_FAILED"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_FAILED"),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_FAILED"),
        ("REVIEW_IN_PROGRESS", "REVIEW_IN_PROGRESS"),
        ("CREATE_COMPLETE", "CREATE_COMPLETE"),
    ],
)
def test_what_was_under_way_has_failed_by_name(status, then, caplog):
    stack = Stack("id", "s", status=status)
    stack.resources["Q"] = Resource("Q", "AWS::SQS::Queue", "url", status="CREATE_COMPLETE")
    stack.resources["R"] = Resource("R", "AWS::IAM::Role", status="CREATE_IN_PROGRESS" if stack.busy else "")
    carried_out = change_set("c", executable="EXECUTE_IN_PROGRESS")
    fail_interrupted([stack], {"c": carried_out})
    assert stack.status == then
    assert carried_out.executable == "EXECUTE_FAILED"
    if status != then:
        assert stack.resources["R"].status == "CREATE_FAILED"
        assert "[R]" in stack.reason
        assert stack.resources["Q"].status == "CREATE_COMPLETE"
        assert f"the stack s is {then}" in caplog.text


def test_a_stack_that_was_cut_off_can_be_deleted(account, name):
    """What it had made goes, and so does the stack."""
    account.create(name, {"Queue": {"Type": "AWS::SQS::Queue"}})
    backend = cloudformation_backends[account.place.account][account.place.region]
    (stack,) = [each for each in backend.stacks.values() if each.name == name]
    stack.status = "CREATE_IN_PROGRESS"
    fail_interrupted([stack], {})
    assert account.stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "CREATE_FAILED"
    account.stacks.delete_stack(StackName=name)
    assert stack.status == "DELETE_COMPLETE"
    assert account.aws.client("sqs").list_queues(QueueNamePrefix=name).get("QueueUrls", []) == []
