"""Which of AWS's refusals pass by themselves: by call, with what AWS is doing meanwhile and what to do if they stay.

A caller's mistake does not pass. Where one code means both, the message tells them apart. Codes are from botocore's
models (1.40 to 1.43), messages from the sources beside them, where "tf" is an issue of
hashicorp/terraform-provider-aws (all read in November 2026).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MINUTES = 60.0
_CALLER = r"^User: \S+ is not authorized to perform"  # the caller is denied, not the role that a service is to take


@dataclass(frozen=True, slots=True)
class Passing:
    """A refusal that passes.

    Attributes:
        calls: The calls that it is about, as ``service.method``; all calls when there are none.
        codes: AWS's words for it.
        why: What AWS is doing meanwhile.
        fix: What to do if it stays.
        message: A pattern that its message must hold.
        unless: A pattern that its message must not hold.
        seconds: How long to wait for it.
    """

    calls: tuple[str, ...]
    codes: tuple[str, ...]
    why: str
    fix: str
    message: str = ""
    unless: str = r"(?!)"  # matches nothing
    seconds: float = 2 * _MINUTES

    def covers(self, code: str, text: str) -> bool:
        """Say whether an error with *code* and the message *text* is this one."""
        if code not in self.codes or re.search(self.unless, text):
            return False
        return bool(re.search(self.message, text, re.IGNORECASE))


LOST = Passing(
    (),
    (),
    "the connection was lost",
    "see that this machine reaches AWS",
    seconds=1 * _MINUTES,
)
THROTTLED = Passing(
    (),
    # botocore/retries/standard.py, ThrottledRetryableChecker. LimitExceededException is there too, for services that
    # mean a rate by it; of those asked here, all but DynamoDB mean a quota, which waiting does not raise.
    (
        *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException", "RequestThrottled"),
        *("TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException"),
        *("RequestLimitExceeded", "BandwidthLimitExceeded", "SlowDown", "PriorRequestNotComplete"),
        *("EC2ThrottledException", "KmsThrottlingException", "TooManyUpdates"),
    ),
    "AWS takes no more requests of this account at the moment",
    "wait until others of the account ask less, or raise the service's request rate under Service Quotas",
)
UNAVAILABLE = Passing(
    (),
    (
        *("InternalError", "InternalFailure", "InternalServerError", "InternalServerException", "InternalException"),
        *("InternalErrorException", "InternalServiceError", "InternalServiceErrorException", "InternalServiceFault"),
        *("ServerException", "ServiceException", "ServiceFailure", "ServiceUnavailable", "ServiceUnavailableException"),
        *("Unavailable", "RequestTimeout", "RequestTimeoutException"),
    ),
    "the service has a fault of its own",
    "see the service's state (AWS Health Dashboard)",
)
LEAVING = Passing((), (), "what had the name before is still on its way out", "wait until it is gone")

RULES: tuple[Passing, ...] = (
    # IAM user guide, "Changes that I make are not always immediately visible"; tf 18435.
    Passing(
        (
            *("iam.create_role", "iam.put_role_policy", "iam.tag_role", "iam.update_assume_role_policy"),
            *("iam.put_role_permissions_boundary", "iam.create_policy_version", "iam.tag_policy"),
        ),
        ("NoSuchEntity",),
        "IAM has not told all its servers of what was just made",
        "see in IAM that the lane's roles and boundaries are there, and that nobody else removes them",
    ),
    # tf 34371; IAM API reference, ConcurrentModification: "Make sure that ... and retry".
    Passing(
        (
            *("iam.create_role", "iam.put_role_policy", "iam.tag_role", "iam.update_assume_role_policy"),
            *("iam.put_role_permissions_boundary", "iam.delete_role_permissions_boundary", "iam.create_policy"),
            *("iam.create_policy_version", "iam.tag_policy", "iam.delete_policy", "iam.delete_policy_version"),
            *("iam.delete_role", "iam.delete_role_policy", "iam.detach_role_policy"),
        ),
        ("ConcurrentModification", "EntityTemporarilyUnmodifiable"),
        "another change of it is on its way through IAM",
        "see who else changes it (CloudTrail), and let them finish",
    ),
    # tf 12436: a principal that was just made is not one yet; 38439 and 39064 for repositories.
    Passing(
        ("iam.create_role", "iam.update_assume_role_policy"),
        ("MalformedPolicyDocument",),
        "IAM has not told all its servers of a principal that was just made",
        "see that every principal that the role trusts is there (aws iam get-role)",
        message="principal",
    ),
    Passing(
        ("s3.put_bucket_policy",),
        ("MalformedPolicy",),
        "S3 has not heard yet of a principal that was just made",
        "see that every principal that the policy names is there",
        message="principal",
    ),
    Passing(
        ("ecr.set_repository_policy",),
        ("InvalidParameterException",),
        "ECR has not heard yet of a principal that was just made",
        "see that every principal that the policy names is there",
        message="principal|policy",
    ),
    # hashicorp/terraform 14707.
    Passing(
        ("iam.delete_role",),
        ("DeleteConflict",),
        "IAM has not told all its servers that the role's policies are gone",
        "take away what is still on it (aws iam list-attached-role-policies, list-role-policies and "
        "list-instance-profiles-for-role show it)",
    ),
    Passing(
        ("iam.delete_policy", "iam.delete_policy_version"),
        ("DeleteConflict",),
        "IAM has not told all its servers that nothing carries the policy any more",
        "detach it from what still carries it (aws iam list-entities-for-policy shows that)",
    ),
    # tf 33717, 12907, 7803: a bucket's own settings just after it was made.
    Passing(
        (
            *("s3.put_bucket_tagging", "s3.put_public_access_block", "s3.put_bucket_ownership_controls"),
            *("s3.put_bucket_encryption", "s3.put_bucket_versioning", "s3.put_bucket_policy"),
            *("s3.put_bucket_lifecycle_configuration", "s3.put_bucket_notification_configuration"),
        ),
        ("NoSuchBucket",),
        "S3 has not told all its servers of the bucket that was just made",
        "see that nobody else removes the bucket",
    ),
    # tf 7628, 33552; S3 error responses, OperationAborted. A name that was just deleted may take an hour.
    Passing(
        (
            *("s3.create_bucket", "s3.put_bucket_tagging", "s3.put_public_access_block"),
            *("s3.put_bucket_ownership_controls", "s3.put_bucket_encryption", "s3.put_bucket_versioning"),
            *("s3.put_bucket_policy", "s3.put_bucket_lifecycle_configuration", "s3.delete_bucket"),
            "s3.put_bucket_notification_configuration",
        ),
        ("OperationAborted",),
        "another change of the bucket is on its way through S3",
        "wait; a bucket's name that was just deleted is free again within an hour",
        seconds=5 * _MINUTES,
    ),
    # aws/aws-cdk 15709, 17546.
    Passing(
        ("logs.create_log_group", "logs.put_retention_policy", "logs.delete_log_group", "logs.put_resource_policy"),
        ("OperationAbortedException",),
        "another change of the log group is on its way",
        "see who else changes it (CloudTrail), and let them finish",
    ),
    Passing(
        ("logs.put_retention_policy", "logs.tag_resource"),
        ("ResourceNotFoundException",),
        "CloudWatch Logs has not told all its servers of the log group that was just made",
        "see that nobody else removes the log group",
    ),
    # aws/chalice awsclient.py, _is_iam_role_related_error; hashicorp/terraform-provider-awscc 221.
    Passing(
        ("lambda.create_function", "lambda.update_function_configuration", "lambda.update_function_code"),
        ("InvalidParameterValueException",),
        "Lambda has not heard yet of the role that was just made",
        "see that the function's role trusts lambda.amazonaws.com (aws iam get-role), and that nobody else removes it",
        message="role|principal|kms",
        seconds=3 * _MINUTES,
    ),
    Passing(
        ("lambda.create_function", "lambda.update_function_code"),
        ("InvalidParameterValueException",),
        "Lambda has not heard yet of the image that was just pushed",
        "see that the image is in its repository (aws ecr describe-images)",
        message="image .*(not exist|not found)",
    ),
    # Lambda developer guide, "Amazon ECR permissions"; aws-controllers-k8s/community 1886.
    Passing(
        ("lambda.create_function", "lambda.update_function_code"),
        ("AccessDeniedException",),
        "Lambda has not heard yet of the repository's policy, which lets it in",
        "see that the repository's policy lets lambda.amazonaws.com in (aws ecr get-repository-policy)",
        unless=_CALLER,
    ),
    # hashicorp/terraform-provider-aws, aws_lambda_function_event_invoke_config: Lambda tries the role at once.
    Passing(
        ("lambda.put_function_event_invoke_config",),
        ("InvalidParameterValueException",),
        "Lambda has not heard yet of the role's rights, or of the destination, that were just made",
        "see that the destination is there, and that the function's role may send to it (aws iam get-role-policy)",
        message="does not have permissions|destination ARN",
        seconds=3 * _MINUTES,
    ),
    # Lambda developer guide, "Lambda function states"; tf 5154; remotion-dev/remotion 1186.
    Passing(
        (
            *("lambda.put_function_event_invoke_config", "lambda.delete_function_event_invoke_config"),
            *("lambda.create_function", "lambda.update_function_code", "lambda.update_function_configuration"),
            *("lambda.put_function_concurrency", "lambda.delete_function_concurrency", "lambda.delete_function"),
            *("lambda.add_permission", "lambda.tag_resource", "lambda.untag_resource"),
        ),
        ("ResourceConflictException",),
        "the function's last change is not through yet",
        "see what the function is at (aws lambda get-function-configuration: State, LastUpdateStatus)",
        unless="already exist",
        seconds=5 * _MINUTES,
    ),
    Passing(
        (
            *("lambda.update_function_code", "lambda.update_function_configuration", "lambda.put_function_concurrency"),
            *("lambda.delete_function_concurrency", "lambda.add_permission", "lambda.tag_resource"),
            *("lambda.untag_resource", "lambda.put_function_event_invoke_config"),
        ),
        ("ResourceNotFoundException",),
        "Lambda has not told all its servers of the function that was just made",
        "see that nobody else removes the function",
    ),
    Passing(
        ("lambda.add_permission",),
        ("PreconditionFailedException",),
        "another change of the function's policy is on its way",
        "see who else changes it (CloudTrail), and let them finish",
    ),
    # tf 13625 and 8738: Lambda tries the role at once. Lambda API reference, ResourceInUseException.
    Passing(
        ("lambda.create_event_source_mapping", "lambda.update_event_source_mapping"),
        ("InvalidParameterValueException",),
        "Lambda has not heard yet of the role's rights, or of the queue or function, that were just made",
        "see that the queue is there, and that the function's role may receive from it (aws iam get-role-policy)",
        message="does not have permissions|cannot be assumed|does not exist|function not found",
        seconds=3 * _MINUTES,
    ),
    Passing(
        ("lambda.update_event_source_mapping", "lambda.delete_event_source_mapping"),
        ("ResourceInUseException", "ResourceConflictException"),
        "the mapping's last change is not through yet",
        "see what the mapping is at (aws lambda get-event-source-mapping: State)",
        seconds=5 * _MINUTES,
    ),
    Passing(
        ("lambda.create_event_source_mapping", "lambda.update_event_source_mapping"),
        ("ResourceNotFoundException",),
        "Lambda has not told all its servers of what was just made",
        "see that nobody else removes the function or the mapping",
    ),
    # EventBridge Scheduler tries to take the role when a schedule is made; tf 28214, 29093.
    Passing(
        ("scheduler.create_schedule", "scheduler.update_schedule"),
        ("ValidationException",),
        "EventBridge Scheduler has not heard yet of the role that was just made",
        "see that the schedules' role trusts scheduler.amazonaws.com for their group (aws iam get-role)",
        message="role|assume",
        seconds=3 * _MINUTES,
    ),
    Passing(
        (
            *("scheduler.create_schedule", "scheduler.update_schedule", "scheduler.tag_resource"),
            *("scheduler.create_schedule_group", "scheduler.delete_schedule_group", "scheduler.delete_schedule"),
        ),
        ("ConflictException",),
        "another change of the group, or of the schedule, is on its way",
        "see who else changes it (CloudTrail), and let them finish",
        unless="already exist",
        seconds=5 * _MINUTES,
    ),
    Passing(
        ("scheduler.create_schedule", "scheduler.update_schedule", "scheduler.tag_resource"),
        ("ResourceNotFoundException",),
        "EventBridge Scheduler has not told all its servers of the group that was just made",
        "see that nobody else removes the group",
    ),
    # S3 sends a test to each queue, and refuses all where one does not let it in; tf 9580.
    Passing(
        ("s3.put_bucket_notification_configuration",),
        ("InvalidArgument",),
        "S3 has not heard yet of the queue, or of its policy, that was just made",
        "see that the queue is there, and that its policy lets s3.amazonaws.com in (aws sqs get-queue-attributes)",
        message="destination configurations",
    ),
    # go-to-k/cdkd 950 (the role cannot be taken) and 2791 (its log group cannot be reached); tf 7893.
    Passing(
        ("stepfunctions.create_state_machine", "stepfunctions.update_state_machine"),
        ("AccessDeniedException",),
        "Step Functions has not heard yet of the role, or of a policy, that was just made",
        "see that the state machine's role trusts states.amazonaws.com and may deliver logs (aws iam get-role, "
        "get-role-policy)",
        unless=_CALLER,
    ),
    Passing(
        ("stepfunctions.create_state_machine", "stepfunctions.update_state_machine"),
        ("InvalidLoggingConfiguration",),
        "Step Functions has not heard yet of the log group that was just made",
        "see that the state machine's log group is there",
    ),
    # Netflix/metaflow 1284.
    Passing(
        ("stepfunctions.create_state_machine", "stepfunctions.update_state_machine"),
        ("StateMachineDeleting", "ConflictException"),
        "Step Functions is still deleting or changing the state machine",
        "wait until its executions have ended and it is gone",
        seconds=5 * _MINUTES,
    ),
    Passing(
        ("stepfunctions.update_state_machine", "stepfunctions.tag_resource"),
        ("StateMachineDoesNotExist", "ResourceNotFound"),
        "Step Functions has not told all its servers of the state machine that was just made",
        "see that nobody else removes the state machine",
    ),
    # tf 2274: the quota on tables has the same code and another message; DynamoDB API reference, CreateTable. One index
    # of a table at a time: architect/architect 334.
    Passing(
        (
            *("dynamodb.create_table", "dynamodb.update_table", "dynamodb.delete_table", "dynamodb.tag_resource"),
            "dynamodb.update_time_to_live",
        ),
        ("LimitExceededException",),
        "the account makes or deletes as many tables, or the table as many indexes, as may be at once",
        "wait until the others' tables are made, and the table's other index",
        message="simultaneous|concurrent|at once",
        seconds=5 * _MINUTES,
    ),
    # go-to-k/cdkd 1830; hashicorp/terraform 13243.
    Passing(
        (
            *("dynamodb.create_table", "dynamodb.update_table", "dynamodb.delete_table", "dynamodb.tag_resource"),
            "dynamodb.update_time_to_live",
        ),
        ("ResourceInUseException",),
        "DynamoDB is still making, changing or deleting the table",
        "see what the table is at (aws dynamodb describe-table: TableStatus)",
        unless="already exists",
        seconds=5 * _MINUTES,
    ),
    Passing(
        ("dynamodb.update_table", "dynamodb.tag_resource", "dynamodb.update_time_to_live"),
        ("ResourceNotFoundException",),
        "DynamoDB has not told all its servers of the table that was just made",
        "see that nobody else removes the table",
        unless="not found: Index",
    ),
    # SQS API reference, CreateQueue and DeleteQueue; tf 831; tf 3148 (it takes some seconds more than the minute).
    Passing(
        ("sqs.create_queue",),
        ("AWS.SimpleQueueService.QueueDeletedRecently", "QueueDeletedRecently"),
        "a queue of that name was deleted, and SQS keeps its name for a minute",
        "wait a minute, and see that nobody else deletes the queue",
    ),
    # SQS API reference, CreateQueue: "wait at least one second after the queue is created".
    Passing(
        ("sqs.set_queue_attributes", "sqs.tag_queue"),
        ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"),
        "SQS has not told all its servers of the queue that was just made",
        "see that nobody else removes the queue",
    ),
    Passing(
        ("sqs.create_queue", "sqs.set_queue_attributes"),
        ("InvalidParameterValue", "InvalidAttributeValue"),
        "SQS has not told all its servers of the queue for dead letters that was just made",
        "see that nobody else removes that queue",
        message="dead letter target does not exist",
    ),
    # botocore's model of SNS: "Can't perform multiple operations on a tag simultaneously."
    Passing(
        ("sns.create_topic", "sns.tag_resource", "sns.delete_topic"),
        ("ConcurrentAccess", "ConcurrentAccessException", "StaleTag", "StaleTagException"),
        "another change of the topic's tags is on its way",
        "see who else changes them (CloudTrail), and let them finish",
    ),
    Passing(
        ("sns.set_topic_attributes", "sns.subscribe", "sns.tag_resource"),
        ("NotFound", "NotFoundException", "ResourceNotFound", "ResourceNotFoundException"),
        "SNS has not told all its servers of the topic that was just made",
        "see that nobody else removes the topic",
    ),
    # SSM API reference, AddTagsToResource.
    Passing(
        ("ssm.add_tags_to_resource",),
        ("InvalidResourceId",),
        "Systems Manager has not told all its servers of the parameter that was just made",
        "see that nobody else removes the parameter",
    ),
    # Secrets Manager API reference, DeleteSecret: forced deletion is asynchronous too; tf 8219.
    Passing(
        ("secretsmanager.create_secret",),
        ("InvalidRequestException",),
        "a secret of that name is still being deleted",
        "aws secretsmanager restore-secret --secret-id {Name}",
    ),
    Passing(
        ("secretsmanager.put_secret_value", "secretsmanager.update_secret", "secretsmanager.tag_resource"),
        ("ResourceNotFoundException",),
        "Secrets Manager has not told all its servers of the secret that was just made",
        "see that nobody else removes the secret",
    ),
    Passing(
        ("secretsmanager.create_secret", "secretsmanager.put_secret_value", "secretsmanager.update_secret"),
        ("EncryptionFailure", "DecryptionFailure"),
        "the key that secrets are encrypted with is not ready; an account's first secret makes it",
        "see that the key aws/secretsmanager is enabled (aws kms describe-key --key-id alias/aws/secretsmanager)",
    ),
    # tf 26622; aws/aws-cli 2675.
    Passing(
        (
            *("ecr.set_repository_policy", "ecr.put_image_tag_mutability", "ecr.put_image_scanning_configuration"),
            "ecr.tag_resource",
        ),
        ("RepositoryNotFoundException",),
        "ECR has not told all its servers of the repository that was just made",
        "see that nobody else removes the repository",
    ),
    # aws/containers-roadmap 2614; ECS developer guide, "Using service-linked roles for Amazon ECS".
    Passing(
        ("ecs.create_cluster", "ecs.create_service", "ecs.update_service", "ecs.register_task_definition"),
        ("InvalidParameterException", "ClientException"),
        "ECS is making its own role, as it does on an account's first day",
        "aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com",
        message="service.linked role",
        seconds=3 * _MINUTES,
    ),
    # bradford-hamilton/terraform-ecs-fargate 8.
    Passing(
        ("ecs.register_task_definition", "ecs.create_service", "ecs.update_service"),
        ("ClientException", "InvalidParameterException"),
        "ECS has not heard yet of the role that was just made",
        "see that the task's role trusts ecs-tasks.amazonaws.com (aws iam get-role), and that nobody else removes it",
        message="role",
        seconds=3 * _MINUTES,
    ),
    # ECS API reference, RegisterTaskDefinition, and UpdateInProgressException.
    Passing(
        (
            *("ecs.create_cluster", "ecs.delete_cluster", "ecs.register_task_definition", "ecs.create_service"),
            *("ecs.update_service", "ecs.delete_service", "ecs.deregister_task_definition", "ecs.tag_resource"),
        ),
        ("UpdateInProgressException", "ClientException", "InvalidParameterException"),
        "another change of the cluster, the service or the task definition is on its way",
        "see what ECS is at (aws ecs describe-services, describe-clusters)",
        message="in progress|concurrent|draining|not idempotent|while .* active|try again",
        seconds=5 * _MINUTES,
    ),
    Passing(
        ("ecs.create_service", "ecs.update_service"),
        ("InvalidParameterException", "ClientException"),
        "ECS has not heard yet of the security group or subnets that were just made",
        "see that the service's security group and subnets are there",
        message="security group|securitygroup|subnet",
    ),
    Passing(
        ("ecs.create_service", "ecs.update_service", "ecs.tag_resource"),
        (
            *("ClusterNotFoundException", "ServiceNotFoundException", "ServiceNotActiveException"),
            "ResourceNotFoundException",
        ),
        "ECS has not told all its servers of what was just made",
        "see that nobody else removes the cluster or the service",
    ),
    # aws/amazon-ecs-cli 368.
    Passing(
        ("ecs.delete_cluster",),
        ("ClusterContainsServicesException", "ClusterContainsTasksException"),
        "the cluster's services and tasks are still ending",
        "end what still runs there (aws ecs list-tasks, list-services)",
        seconds=5 * _MINUTES,
    ),
    # EC2 API reference, "Eventual consistency in the Amazon EC2 API"; jtriley/StarCluster 413.
    Passing(
        ("ec2.authorize_security_group_ingress", "ec2.revoke_security_group_ingress", "ec2.create_tags"),
        ("InvalidGroup.NotFound", "InvalidGroupId.NotFound", "InvalidSecurityGroupID.NotFound", "InvalidID"),
        "EC2 has not told all its servers of the security group that was just made",
        "see that nobody else removes the security group",
    ),
    # hashicorp/terraform-provider-aws, aws_security_group: an interface goes minutes after its task.
    Passing(
        ("ec2.delete_security_group",),
        ("DependencyViolation", "InvalidGroup.InUse"),
        "the network interface of a task that has stopped is still in the security group",
        "take what else uses it out of it (aws ec2 describe-network-interfaces "
        "--filters Name=group-id,Values={GroupId})",
        seconds=10 * _MINUTES,
    ),
    # tf 11475 (targets that are gone are still there); cloud-custodian 5553 (a rule that is made is not).
    Passing(
        ("events.put_rule", "events.put_targets", "events.remove_targets", "events.delete_rule", "events.tag_resource"),
        ("ConcurrentModificationException",),
        "another change of the rule is on its way",
        "see who else changes it (CloudTrail), and let them finish",
    ),
    Passing(
        ("events.put_targets", "events.tag_resource"),
        ("ResourceNotFoundException",),
        "EventBridge has not told all its servers of the rule that was just made",
        "see that nobody else removes the rule",
    ),
    Passing(
        ("events.delete_rule",),
        ("ValidationException",),
        "EventBridge has not told all its servers that the rule's targets are gone",
        "remove the targets that somebody else put there (aws events list-targets-by-rule)",
        message="target",
    ),
    Passing(
        ("cloudwatch.put_metric_alarm", "cloudwatch.delete_alarms", "cloudwatch.tag_resource"),
        ("ConcurrentModificationException", "ConflictException", "ResourceConflict"),
        "another change of the alarm is on its way",
        "see who else changes it (CloudTrail), and let them finish",
    ),
    Passing(
        ("cloudwatch.tag_resource",),
        ("ResourceNotFoundException",),
        "CloudWatch has not told all its servers of the alarm that was just made",
        "see that nobody else removes the alarm",
    ),
)
