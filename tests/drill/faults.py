"""What AWS may answer to each changing call, though nothing is wrong: (code, message, source).

Held against the commands by the tests here and by ``make drill``. The words are AWS's, from the sources named; "tf" is
an issue of hashicorp/terraform-provider-aws, "model" is botocore's list of the call's errors.
"""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """One answer; *when* is "answer" for a refusal, else at which side of the work the connection is lost."""

    code: str
    message: str
    source: str
    status: int = 400
    when: str = "answer"

    def __str__(self) -> str:
        return self.code if self.when == "answer" else f"lost {self.when} it was done"


def _unknown(code: str, what: str, source: str) -> Fault:
    return Fault(code, f"{what} cannot be found.", source)


_ROLE = _unknown("NoSuchEntity", "The role with name x", "IAM user guide, eventual consistency; tf 18435")
_POLICY = Fault("NoSuchEntity", "Policy arn:x does not exist or is not attachable.", "IAM user guide, the same")
_BOUNDARY = Fault("NoSuchEntity", "Scope ARN: arn:x does not exist or is not attachable.", "IAM user guide, the same")
_IAM_BUSY = Fault("ConcurrentModification", "The request was rejected because multiple requests were made.", "tf 34371")
_PRINCIPAL = Fault("MalformedPolicyDocument", 'Invalid principal in policy: "AWS":"arn:x"', "tf 12436")
_BUCKET = Fault("NoSuchBucket", "The specified bucket does not exist", "tf 33717, 12907, 7803", 404)
_BUCKET_BUSY = Fault(
    "OperationAborted",
    "A conflicting conditional operation is currently in progress against this resource. Please try again.",
    "tf 7628, 33552",
    409,
)
_GROUP = Fault("ResourceNotFoundException", "The specified log group does not exist.", "cloudwatch model")
_GROUP_BUSY = Fault(
    "OperationAbortedException",
    "A conflicting operation is currently in progress against this resource. Please try again.",
    "aws-cdk 15709, 17546",
)
_FUNCTION = Fault("ResourceNotFoundException", "Function not found: arn:x", "Lambda guide, function states", 404)
_FUNCTION_BUSY = Fault(
    "ResourceConflictException",
    "The operation cannot be performed at this time. An update is in progress for resource: arn:x",
    "tf 5154; aws-cli 6718",
    409,
)
_FUNCTION_PENDING = Fault(
    "ResourceConflictException",
    "The operation cannot be performed at this time. The function is currently in the following state: Pending",
    "remotion 1186",
    409,
)
_ASSUMED = Fault(
    "InvalidParameterValueException",
    "The role defined for the function cannot be assumed by Lambda.",
    "chalice awsclient.py; awscc 221",
)
_PERMITTED = Fault(
    "InvalidParameterValueException",
    "The provided execution role does not have permissions to call CreateNetworkInterface on EC2",
    "chalice awsclient.py",
)
_SENDS = Fault(
    "InvalidParameterValueException",
    "The function's execution role does not have permissions to call SendMessage on SQS",
    "terraform-provider-aws, aws_lambda_function_event_invoke_config",
)
_DESTINATION = Fault(
    "InvalidParameterValueException",
    "The destination ARN arn:aws:sqs:us-east-1:1:q is invalid.",
    "terraform-provider-aws, aws_lambda_function_event_invoke_config; serverless 7507",
)
_KMS = Fault(
    "InvalidParameterValueException",
    "Lambda was unable to configure access to your environment variables because the KMS key is invalid for "
    "CreateGrant. KMS Exception: InvalidArnException KMS Message: ARN does not refer to a valid principal",
    "chalice awsclient.py",
)
_IMAGE = Fault("InvalidParameterValueException", "Source image x:latest does not exist. Provide a valid one.", "model")
_IN_ECR = Fault(
    "AccessDeniedException",
    "Lambda does not have permission to access the ECR image. Check the ECR permissions.",
    "Lambda guide, Amazon ECR permissions; aws-controllers-k8s 1886",
    403,
)
_TAKES_ROLE = Fault(
    "AccessDeniedException",
    "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the "
    "provided role.",
    "go-to-k/cdkd 950; tf 7893",
)
_LOGS_REACHED = Fault(
    "AccessDeniedException",
    "The state machine IAM Role is not authorized to access the Log Destination",
    "go-to-k/cdkd 2791; aws-cdk 26432",
)
_LOGS_THERE = Fault("InvalidLoggingConfiguration", "Log destination does not exist", "model")
_DELETING = Fault("StateMachineDeleting", "State Machine is being deleted: 'arn:x'", "Netflix/metaflow 1284")
_MACHINE_BUSY = Fault("ConflictException", "Failed to handle the request; another update is in progress", "model")
_TABLES = Fault(
    "LimitExceededException",
    "Subscriber limit exceeded: Only 10 tables can be created, updated, or deleted simultaneously",
    "tf 2274; serverless 2622",
)
_TABLE = Fault("ResourceNotFoundException", "Requested resource not found: Table: x not found", "model")
_TABLE_BUSY = Fault("ResourceInUseException", "Attempt to change a resource which is still in use", "model")
_INDEXES = Fault(
    "LimitExceededException",
    "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    "architect/architect 334",
)
_INDEX_BUSY = Fault(
    "ResourceInUseException",
    "Attempt to change a resource which is still in use: Cannot delete table while indexes are being created.",
    "go-to-k/cdkd 1830",
)
_QUEUE = Fault("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.", "SQS API, CreateQueue")
_NO_DEAD_LETTERS = Fault(
    "InvalidParameterValue",
    "Value {...} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.",
    "SQS API, SetQueueAttributes",
)
_TOPIC = Fault("NotFound", "Topic does not exist", "model", 404)
_TOPIC_TAGS = Fault("ConcurrentAccess", "Can't perform multiple operations on a tag simultaneously.", "model")
_SECRET = Fault("ResourceNotFoundException", "Secrets Manager can't find the specified secret.", "API, consistency")
_SCHEDULED = Fault(
    "InvalidRequestException",
    "You can't create this secret because a secret with this name is already scheduled for deletion.",
    "tf 8219, 10259",
)
_ENCRYPTION = Fault("EncryptionFailure", "Secrets Manager can't encrypt the protected secret text", "model")
_REPOSITORY = Fault(
    "RepositoryNotFoundException",
    "The repository with name 'x' does not exist in the registry with id '1'",
    "tf 26622; aws-cli 2675",
)
_ECR_PRINCIPAL = Fault(
    "InvalidParameterException",
    "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Principal not found'",
    "tf 38439, 39064, 1164",
)
_FIRST_DAY = Fault(
    "InvalidParameterException",
    "Unable to assume the service linked role. Please verify that the ECS service linked role exists.",
    "containers-roadmap 2614; cloudformation-coverage-roadmap 818",
)
_TASK_ROLE = Fault("ClientException", "Role is not valid", "terraform-ecs-fargate 8; ecs-deploy 231")
_REVISIONS = Fault(
    "ClientException",
    "Too many concurrent attempts to create a new revision of the specified family.",
    "ECS API, RegisterTaskDefinition",
)
_CLUSTER = Fault("ClusterNotFoundException", "Cluster not found.", "model")
_DRAINING = Fault("InvalidParameterException", "Unable to Start a service that is still Draining.", "alchemy 1581")
_NOT_IDEMPOTENT = Fault("InvalidParameterException", "Creation of service was not idempotent.", "tf 23462")
_NO_GROUP = Fault("InvalidParameterException", "The security group 'sg-1' does not exist", "EC2 API, consistency")
_SECURITY = Fault("InvalidGroup.NotFound", "The security group 'sg-1' does not exist", "EC2 API; StarCluster 413")
_RULE = Fault("ResourceNotFoundException", "Rule x does not exist on EventBus default.", "cloud-custodian 5553")
_RULE_BUSY = Fault("ConcurrentModificationException", "Rule x was modified concurrently", "elastic_whenever 41; model")
_ALARM_BUSY = Fault("ConcurrentModificationException", "More than one process tried to modify a resource", "model")

_QUEUE_POLICY = Fault(
    "InvalidArgument", "Unable to validate the following destination configurations", "tf 9580; S3 error responses"
)
_RECEIVES = Fault(
    "InvalidParameterValueException",
    "The provided execution role does not have permissions to call ReceiveMessage on SQS",
    "tf 8738",
)
_MAPPING_BUSY = Fault(
    "ResourceInUseException",
    "Cannot update the event source mapping because it is in use.",
    "Lambda API, UpdateEventSourceMapping",
)
_MAPPED = Fault("ResourceNotFoundException", "Function not found: arn:x", "Lambda guide, function states", 404)
_SCHEDULER_ROLE = Fault(
    "ValidationException",
    "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
    "tf 28214, 29093",
)
_NO_GROUP_YET = Fault("ResourceNotFoundException", "Schedule group x does not exist.", "model", 404)
_SCHEDULE_BUSY = Fault("ConflictException", "The schedule group is being modified. Try again.", "model", 409)

# What a lane's deploy, change and destroy call.
LANE: dict[str, tuple[Fault, ...]] = {
    "iam.CreateRole": (_BOUNDARY, _IAM_BUSY, _PRINCIPAL),
    "iam.PutRolePolicy": (_ROLE, _IAM_BUSY),
    "iam.TagRole": (_ROLE, _IAM_BUSY),
    "iam.UpdateAssumeRolePolicy": (_ROLE, _IAM_BUSY, _PRINCIPAL),
    "iam.PutRolePermissionsBoundary": (_ROLE, _BOUNDARY, _IAM_BUSY),
    "iam.CreatePolicy": (_IAM_BUSY,),
    "iam.CreatePolicyVersion": (_POLICY, _IAM_BUSY),
    "iam.TagPolicy": (_POLICY, _IAM_BUSY),
    "iam.DeleteRolePolicy": (_IAM_BUSY,),
    "iam.DetachRolePolicy": (_IAM_BUSY,),
    "iam.DeletePolicyVersion": (
        _IAM_BUSY,
        Fault("DeleteConflict", "Cannot delete the default version of a policy.", "model", 409),
    ),
    "iam.DeleteRole": (
        _IAM_BUSY,
        Fault("DeleteConflict", "Cannot delete entity, must delete policies first.", "hashicorp/terraform 14707", 409),
        Fault("DeleteConflict", "Cannot delete entity, must detach all policies first.", "tf 40059", 409),
    ),
    "iam.DeletePolicy": (
        _IAM_BUSY,
        Fault("DeleteConflict", "Cannot delete a policy attached to entities.", "IAM API, DeletePolicy", 409),
    ),
    "s3.CreateBucket": (_BUCKET_BUSY,),
    **{
        f"s3.{name}": (_BUCKET, _BUCKET_BUSY)
        for name in (
            *("PutBucketTagging", "PutPublicAccessBlock", "PutBucketOwnershipControls", "PutBucketEncryption"),
            *("PutBucketVersioning", "PutBucketLifecycleConfiguration"),
        )
    },
    "s3.PutBucketPolicy": (
        _BUCKET,
        _BUCKET_BUSY,
        Fault("MalformedPolicy", "Invalid principal in policy", "S3 error responses"),
    ),
    "s3.PutBucketNotificationConfiguration": (_BUCKET, _BUCKET_BUSY, _QUEUE_POLICY),
    "s3.DeleteBucket": (
        _BUCKET_BUSY,
        Fault("BucketNotEmpty", "The bucket you tried to delete is not empty", "S3 error responses", 409),
    ),
    "s3.DeleteObjects": (),
    "logs.CreateLogGroup": (_GROUP_BUSY,),
    "logs.PutRetentionPolicy": (_GROUP, _GROUP_BUSY),
    "logs.TagResource": (_GROUP,),
    "logs.DeleteLogGroup": (_GROUP_BUSY,),
    "logs.PutResourcePolicy": (_GROUP_BUSY,),
    "lambda.CreateFunction": (_ASSUMED, _PERMITTED, _KMS, _IN_ECR, _IMAGE, _FUNCTION_BUSY),
    "lambda.UpdateFunctionCode": (_FUNCTION, _FUNCTION_BUSY, _FUNCTION_PENDING, _IN_ECR, _IMAGE),
    "lambda.UpdateFunctionConfiguration": (_FUNCTION, _FUNCTION_BUSY, _ASSUMED, _KMS),
    "lambda.PutFunctionConcurrency": (_FUNCTION, _FUNCTION_BUSY, _FUNCTION_PENDING),
    "lambda.DeleteFunctionConcurrency": (_FUNCTION, _FUNCTION_BUSY, _FUNCTION_PENDING),
    "lambda.PutFunctionEventInvokeConfig": (_FUNCTION, _FUNCTION_BUSY, _SENDS, _DESTINATION),
    "lambda.DeleteFunctionEventInvokeConfig": (_FUNCTION_BUSY,),
    "lambda.TagResource": (_FUNCTION, _FUNCTION_BUSY),
    "lambda.UntagResource": (_FUNCTION, _FUNCTION_BUSY),
    "lambda.DeleteFunction": (_FUNCTION_BUSY,),
    "lambda.CreateEventSourceMapping": (_RECEIVES, _MAPPED),
    "lambda.UpdateEventSourceMapping": (_RECEIVES, _MAPPED, _MAPPING_BUSY),
    "lambda.DeleteEventSourceMapping": (_MAPPING_BUSY,),
    "scheduler.CreateScheduleGroup": (_SCHEDULE_BUSY,),
    "scheduler.CreateSchedule": (_SCHEDULER_ROLE, _NO_GROUP_YET, _SCHEDULE_BUSY),
    "scheduler.UpdateSchedule": (_SCHEDULER_ROLE, _NO_GROUP_YET, _SCHEDULE_BUSY),
    "scheduler.DeleteSchedule": (_SCHEDULE_BUSY,),
    "scheduler.TagResource": (_NO_GROUP_YET, _SCHEDULE_BUSY),
    "scheduler.DeleteScheduleGroup": (_SCHEDULE_BUSY,),
    "stepfunctions.CreateStateMachine": (_TAKES_ROLE, _LOGS_REACHED, _LOGS_THERE, _DELETING, _MACHINE_BUSY),
    "stepfunctions.UpdateStateMachine": (_TAKES_ROLE, _LOGS_REACHED, _LOGS_THERE, _MACHINE_BUSY),
    "stepfunctions.TagResource": (Fault("ResourceNotFound", "Resource not found: 'arn:x'", "model"),),
    "stepfunctions.DeleteStateMachine": (),
    "stepfunctions.StopExecution": (),
    "dynamodb.CreateTable": (_TABLES, _TABLE_BUSY),
    "dynamodb.UpdateTable": (_TABLES, _TABLE_BUSY, _TABLE, _INDEXES),
    "dynamodb.UpdateTimeToLive": (_TABLES, _TABLE_BUSY, _TABLE),
    "dynamodb.TagResource": (_TABLE_BUSY, _TABLE),
    "dynamodb.DeleteTable": (_TABLES, _TABLE_BUSY, _INDEX_BUSY),
    "sqs.CreateQueue": (
        Fault(
            "AWS.SimpleQueueService.QueueDeletedRecently",
            "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
            "tf 831, 3148",
        ),
        _NO_DEAD_LETTERS,
    ),
    "sqs.SetQueueAttributes": (_QUEUE, _NO_DEAD_LETTERS),
    "sqs.TagQueue": (_QUEUE,),
    "sqs.DeleteQueue": (),
    "sns.CreateTopic": (_TOPIC_TAGS,),
    "sns.SetTopicAttributes": (_TOPIC,),
    "sns.Subscribe": (_TOPIC,),
    "sns.Unsubscribe": (),
    "sns.TagResource": (Fault("ResourceNotFound", "Resource does not exist", "model", 404), _TOPIC_TAGS),
    "sns.DeleteTopic": (_TOPIC_TAGS,),
    "ssm.PutParameter": (Fault("TooManyUpdates", "There are concurrent updates for a resource.", "model"),),
    "ssm.AddTagsToResource": (Fault("InvalidResourceId", "The resource ID is not valid.", "model"),),
    "ssm.DeleteParameter": (),
    "budgets.CreateBudget": (),
    "budgets.DeleteBudget": (),
    "secretsmanager.CreateSecret": (_SCHEDULED, _ENCRYPTION),
    "secretsmanager.PutSecretValue": (_SECRET, _ENCRYPTION),
    "secretsmanager.UpdateSecret": (_SECRET, _ENCRYPTION),
    "secretsmanager.TagResource": (_SECRET,),
    "secretsmanager.DeleteSecret": (),
    "ecr.CreateRepository": (),
    "ecr.SetRepositoryPolicy": (_REPOSITORY, _ECR_PRINCIPAL),
    "ecr.PutImageTagMutability": (_REPOSITORY,),
    "ecr.PutImageScanningConfiguration": (_REPOSITORY,),
    "ecr.TagResource": (_REPOSITORY,),
    "ecr.DeleteRepository": (),
}
# What the rendezvous's call besides.
RENDEZVOUS: dict[str, tuple[Fault, ...]] = {
    "lambda.AddPermission": (
        _FUNCTION,
        _FUNCTION_BUSY,
        Fault("PreconditionFailedException", "The RevisionId provided does not match the latest", "model", 412),
    ),
    "ecs.CreateCluster": (_FIRST_DAY,),
    "ecs.RegisterTaskDefinition": (_TASK_ROLE, _REVISIONS),
    "ecs.DeregisterTaskDefinition": (),
    "ecs.CreateService": (_FIRST_DAY, _CLUSTER, _DRAINING, _NOT_IDEMPOTENT, _NO_GROUP),
    "ecs.UpdateService": (
        Fault("ServiceNotActiveException", "Service was not ACTIVE.", "model"),
        Fault("ServiceNotFoundException", "Service not found.", "model"),
        _NO_GROUP,
    ),
    "ecs.TagResource": (
        Fault("ResourceNotFoundException", "The specified resource could not be found", "model"),
        _CLUSTER,
    ),
    "ecs.DeleteService": (
        Fault("InvalidParameterException", "The service cannot be stopped while deployments are active.", "ECS"),
    ),
    "ecs.DeleteCluster": (
        Fault(
            "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.", "ecs-cli"
        ),
        Fault(
            "ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.", "cloud-nuke 368"
        ),
        Fault("UpdateInProgressException", "There's already a current update in progress.", "model"),
    ),
    "ec2.CreateSecurityGroup": (),
    "ec2.AuthorizeSecurityGroupIngress": (_SECURITY,),
    "ec2.RevokeSecurityGroupIngress": (_SECURITY,),
    "ec2.CreateTags": (_SECURITY,),
    "ec2.DeleteSecurityGroup": (
        Fault("DependencyViolation", "resource sg-1 has a dependent object", "jonhoo/tsunami 33"),
    ),
    "events.PutRule": (_RULE_BUSY,),
    "events.PutTargets": (_RULE, _RULE_BUSY),
    "events.TagResource": (_RULE, _RULE_BUSY),
    "events.RemoveTargets": (_RULE_BUSY,),
    "events.DeleteRule": (
        _RULE_BUSY,
        Fault("ValidationException", "Rule can't be deleted since it has targets.", "tf 11475"),
    ),
    "cloudwatch.PutMetricAlarm": (),
    "cloudwatch.TagResource": (
        Fault("ResourceNotFoundException", "The named resource does not exist.", "model"),
        _ALARM_BUSY,
    ),
    "cloudwatch.DeleteAlarms": (Fault("ResourceConflict", "The alarm is being changed", "model", 409),),
    "route53.ChangeResourceRecordSets": (
        Fault("PriorRequestNotComplete", "The request was rejected because Route 53 was still processing", "model"),
    ),
}
SPECIFIC = {**LANE, **RENDEZVOUS}

# Any call. Codes: botocore/retries/standard.py and the models; DynamoDB's and S3's own spellings among them.
ANY = (
    *(
        Fault(code, "Rate exceeded", "botocore/retries/standard.py", status)
        for code, status in {
            "Throttling": 400,
            "ThrottlingException": 400,
            "TooManyRequestsException": 429,
            "RequestLimitExceeded": 503,
            "SlowDown": 503,
            "ProvisionedThroughputExceededException": 400,
        }.items()
    ),
    Fault("InternalError", "We encountered an internal error. Please try again.", "common errors", 500),
    Fault(
        "ServiceUnavailable", "The request has failed due to a temporary failure of the server.", "common errors", 503
    ),
    Fault("", "", "botocore/retries/standard.py", when="before"),
    Fault("", "", "botocore/retries/standard.py", when="after"),
)


def faults_of(call: str) -> tuple[Fault, ...]:
    """Return every fault of *call* (``service.Operation``); the one that comes when the work is done is the last."""
    return (*SPECIFIC[call], *ANY)


def some_of(call: str) -> tuple[Fault, ...]:
    """Return all faults that are *call*'s own, and of those of any call as many as there is room for, in turn."""
    own, turn = SPECIFIC[call], sum(call.encode()) % len(ANY)
    room = min(_ROOM - len(own), len(ANY))
    drawn = {(turn + number) % len(ANY) for number in range(room)}
    return (*own, *(fault for number, fault in enumerate(ANY) if number in drawn))


_ROOM = 6  # as many as pass one after the other in less time than a call has
