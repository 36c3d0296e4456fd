"""The roles of what starts a workflow: EventBridge Scheduler's, and that of the function that answers uploads.

Scheduler says for which group of schedules it comes, and no more. So a workflow's schedules are a group of their own,
and its role starts that workflow's machine alone. Source: EventBridge Scheduler user guide, "Confused deputy
prevention" and "Configuring a dead-letter queue" (read 2026-11-29).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.isolation.roles.policy import Policy, Statement, Trust

if TYPE_CHECKING:
    from shared.config.lane import Lane
    from shared.config.triggers import Schedules, Upload

SCHEDULER = "scheduler.amazonaws.com"
# What Lambda does with the role of a function that a queue's messages go to. Source: Lambda guide, "Creating and
# configuring an Amazon SQS event source mapping", execution role permissions (read 2026-11-29).
_TAKE = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
_START = "states:StartExecution"


def scheduler_policy(lane: Lane, workflow: str, told: Schedules) -> Policy:
    """Return what Scheduler may do for the schedules *told* of the workflow called *workflow*."""
    return Policy(
        (
            Statement("StartOnSchedule", (_START,), (lane.state_machine_arn(workflow),)),
            Statement("SendFailedStarts", ("sqs:SendMessage",), (lane.queue_arn(told.dead_letters),)),
        )
    )


def scheduler_trust(lane: Lane, told: Schedules) -> Trust:
    """Let Scheduler take the role for the schedules *told* alone."""
    return Trust(
        {"Service": SCHEDULER},
        {
            "StringEquals": {"aws:SourceAccount": lane.place.account},
            "ArnLike": {"aws:SourceArn": lane.schedule_group_arn(told.group)},
        },
    )


def starter_statements(lane: Lane, workflow: str, upload: Upload) -> tuple[Statement, ...]:
    """Return what the function that answers *upload*, which starts the workflow called *workflow*, may do."""
    return (
        Statement("TakeUploads", _TAKE, (lane.queue_arn(upload.queue.name),)),
        Statement("StartOnUpload", (_START,), (lane.state_machine_arn(workflow),)),
    )
