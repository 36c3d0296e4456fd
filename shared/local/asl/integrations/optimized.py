"""The services that Step Functions has an integration of its own for: their actions, and the names in their errors.

An action that is not in the table is called by aws-sdk, and AWS refuses a definition that asks for it otherwise.

Sources: Step Functions Developer Guide, "Integrating optimized services" and each service's page (read 2026-11-30), for
the actions and how each may be called; AWS SDK for Java 1.x, the client and base exception of each service, for the
names: a cause names the client without ``Client``, an error that the SDK has no class for is the base exception. Seen
on AWS: DynamoDB, SQS, SNS, Lambda and Step Functions in recorded answers, Glue, SageMaker and EMR in public issues.
"""

from __future__ import annotations

from typing import NamedTuple

from shared.local.asl.integrations.base import REQUEST, SYNC, SYNC_2, TOKEN

_R = frozenset({REQUEST})
_SENT = frozenset({REQUEST, TOKEN})
_JOB = frozenset({REQUEST, SYNC})


class Service(NamedTuple):
    """A service with an integration of its own.

    Attributes:
        prefix: What its errors begin with: ``DynamoDB`` in ``DynamoDB.ResourceNotFoundException``.
        client: What the SDK calls it, in causes.
        actions: The actions, and how each may be called.
        absent: The actions that nothing here answers, however they are called.
    """

    prefix: str
    client: str
    actions: dict[str, frozenset[str]]
    absent: frozenset[str] = frozenset()

    @property
    def exception(self) -> str:
        """The SDK's base exception of the service: ``AmazonDynamoDBException``."""
        return f"{self.client.removesuffix('v2').replace(' ', '')}Exception"


def _all(how: frozenset[str], *actions: str) -> dict[str, frozenset[str]]:
    return dict.fromkeys(actions, how)


_EMR = {
    **_all(_JOB, "addStep", "createCluster", "terminateCluster"),
    **_all(
        _R, "cancelStep", "modifyInstanceFleetByName", "modifyInstanceGroupByName", "setClusterTerminationProtection"
    ),
}
OPTIMIZED: dict[str, Service] = {
    "lambda": Service("Lambda", "AWSLambda", {"invoke": _SENT}),
    "states": Service("StepFunctions", "AWSStepFunctions", {"startExecution": frozenset({*_JOB, SYNC_2, TOKEN})}),
    "dynamodb": Service(
        "DynamoDB", "AmazonDynamoDBv2", _all(_R, "getItem", "putItem", "updateItem", "deleteItem")
    ),
    "sqs": Service("SQS", "AmazonSQS", {"sendMessage": _SENT}),
    "sns": Service("SNS", "AmazonSNS", {"publish": _SENT}),
    "events": Service("EventBridge", "AmazonEventBridge", {"putEvents": _SENT}),
    "http": Service("Http", "Http", {"invoke": _R}),
    "batch": Service("Batch", "AWSBatch", {"submitJob": frozenset({*_JOB, TOKEN})}, frozenset({"submitJob"})),
    "ecs": Service("ECS", "AmazonECS", {"runTask": frozenset({*_JOB, TOKEN})}),
    "glue": Service("Glue", "AWSGlue", {"startJobRun": _JOB}),
    "athena": Service(
        "Athena",
        "AmazonAthena",
        {"startQueryExecution": _JOB, **_all(_R, "stopQueryExecution", "getQueryExecution", "getQueryResults")},
    ),
    "codebuild": Service(
        "CodeBuild",
        "AWSCodeBuild",
        {
            **_all(_JOB, "startBuild", "startBuildBatch", "retryBuildBatch"),
            **_all(_R, "stopBuild", "batchDeleteBuilds", "batchGetReports", "stopBuildBatch", "deleteBuildBatch"),
        },
        frozenset(
            {
                "startBuildBatch", "retryBuildBatch", "batchDeleteBuilds", "batchGetReports", "stopBuildBatch",
                "deleteBuildBatch",
            }
        ),
    ),
    "sagemaker": Service(
        "SageMaker",
        "AmazonSageMaker",
        {
            **_all(_R, "createEndpoint", "createEndpointConfig", "createModel", "updateEndpoint"),
            **_all(
                _JOB, "createHyperParameterTuningJob", "createLabelingJob", "createProcessingJob", "createTrainingJob",
                "createTransformJob",
            ),
        },
        frozenset({"createLabelingJob", "updateEndpoint"}),
    ),
    "elasticmapreduce": Service(
        "ElasticMapReduce",
        "AmazonElasticMapReduce",
        _EMR,
        frozenset(_EMR),  # the actions of Step Functions' own, which the API has under other names
    ),
    "emr-containers": Service(
        "EMRContainers",
        "AmazonEMRContainers",
        {"createVirtualCluster": _R, **_all(_JOB, "deleteVirtualCluster", "startJobRun")},
    ),
    "emr-serverless": Service(
        "EMRServerless",
        "AWSEMRServerless",
        _all(
            _JOB, "createApplication", "startApplication", "stopApplication", "deleteApplication", "startJobRun",
            "cancelJobRun",
        ),
    ),
    "eks": Service(
        "EKS",
        "AmazonEKS",
        {
            "call": _R,
            **_all(
                _JOB, "createCluster", "deleteCluster", "createFargateProfile", "deleteFargateProfile",
                "createNodegroup", "deleteNodegroup", "runJob",
            ),
        },
        frozenset({"call", "runJob"}),
    ),
    "apigateway": Service("ApiGateway", "AmazonApiGateway", {"invoke": _SENT}, frozenset({"invoke"})),
    "databrew": Service("DataBrew", "AWSGlueDataBrew", {"startJobRun": _JOB}, frozenset({"startJobRun"})),
    "bedrock": Service(
        "Bedrock",
        "AmazonBedrock",
        {"invokeModel": _R, "createModelCustomizationJob": _JOB},
        frozenset({"invokeModel"}),
    ),
    "mediaconvert": Service("MediaConvert", "AWSMediaConvert", {"createJob": _JOB}, frozenset({"createJob"})),
}  # fmt: skip


def missing_here(service: str, action: str, pattern: str) -> bool:
    """Tell whether the embedded cloud does not do an *action* of OPTIMIZED that AWS does, called by *pattern*."""
    waited = pattern in {SYNC, SYNC_2} and service != "states"  # no job of another service runs here
    return waited or action in OPTIMIZED[service].absent
