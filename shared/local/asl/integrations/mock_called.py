"""Which API's answer the result of a mocked task is.

Sources: Step Functions Developer Guide, "Testing state machines with TestState API": a job's result is held to the API
that is polled for it, and HTTP Tasks, API Gateway, EKS Call and EKS RunJob are not held to anything; and each
service's page under "Integrating optimized services" for what is polled (read 2026-11-30).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shared.local.asl.integrations.base import SYNC, SYNC_2, TOKEN
from shared.local.asl.integrations.sdk import ApiCall, SdkCall

if TYPE_CHECKING:
    from shared.local.asl.integrations.base import Integration

_UNCHECKED = frozenset({"http:invoke", "apigateway:invoke", "eks:call", "eks:runJob"})
# Where Step Functions' name of a service or an action is not the API's.
_SERVICES = {"states": "stepfunctions", "elasticmapreduce": "emr"}
_ACTIONS = {
    "elasticmapreduce:addStep": "AddJobFlowSteps",
    "elasticmapreduce:cancelStep": "CancelSteps",
    "elasticmapreduce:createCluster": "RunJobFlow",
    "elasticmapreduce:modifyInstanceFleetByName": "ModifyInstanceFleet",
    "elasticmapreduce:modifyInstanceGroupByName": "ModifyInstanceGroups",
    "elasticmapreduce:setClusterTerminationProtection": "SetTerminationProtection",
    "elasticmapreduce:terminateCluster": "TerminateJobFlows",
}
_POLLED = {
    "athena:startQueryExecution": "GetQueryExecution",
    "batch:submitJob": "DescribeJobs",
    "bedrock:createModelCustomizationJob": "GetModelCustomizationJob",
    "codebuild:retryBuildBatch": "BatchGetBuildBatches",
    "codebuild:startBuild": "BatchGetBuilds",
    "codebuild:startBuildBatch": "BatchGetBuildBatches",
    "databrew:startJobRun": "DescribeJobRun",
    "ecs:runTask": "DescribeTasks",
    "eks:createCluster": "DescribeCluster",
    "eks:createFargateProfile": "DescribeFargateProfile",
    "eks:createNodegroup": "DescribeNodegroup",
    "eks:deleteCluster": "DescribeCluster",
    "eks:deleteFargateProfile": "DescribeFargateProfile",
    "eks:deleteNodegroup": "DescribeNodegroup",
    "elasticmapreduce:addStep": "DescribeStep",
    "elasticmapreduce:createCluster": "DescribeCluster",
    "elasticmapreduce:terminateCluster": "DescribeCluster",
    "emr-containers:deleteVirtualCluster": "DescribeVirtualCluster",
    "emr-containers:startJobRun": "DescribeJobRun",
    "emr-serverless:cancelJobRun": "GetJobRun",
    "emr-serverless:createApplication": "GetApplication",
    "emr-serverless:deleteApplication": "GetApplication",
    "emr-serverless:startApplication": "GetApplication",
    "emr-serverless:startJobRun": "GetJobRun",
    "emr-serverless:stopApplication": "GetApplication",
    "glue:startJobRun": "GetJobRun",
    "mediaconvert:createJob": "GetJob",
    "sagemaker:createHyperParameterTuningJob": "DescribeHyperParameterTuningJob",
    "sagemaker:createLabelingJob": "DescribeLabelingJob",
    "sagemaker:createProcessingJob": "DescribeProcessingJob",
    "sagemaker:createTrainingJob": "DescribeTrainingJob",
    "sagemaker:createTransformJob": "DescribeTransformJob",
    "states:startExecution": "DescribeExecution",
}
# Members that Step Functions hands on as JSON, whatever the API has them as.
_JSON = {"lambda:invoke": frozenset({"Payload"}), "bedrock:invokeModel": frozenset({"Body"})}


class CalledApi(NamedTuple):
    """What answers.

    Attributes:
        service: boto's name of the service.
        operation: The operation, whose letter case may differ.
        json: The members of the answer that may be any JSON.
    """

    service: str
    operation: str
    json: frozenset[str] = frozenset()


def called_api(integration: Integration) -> CalledApi | None:
    """Return what API's answer a result of *integration* is; None where it is none's, or AWS does not look."""
    if integration.family != "Task" or integration.pattern == TOKEN:
        return None
    service, action = integration.kind, integration.action.removesuffix(f".{integration.pattern}")
    name = f"{service}:{action}"
    if name in _UNCHECKED:
        return None
    if isinstance(integration, SdkCall):
        return CalledApi(integration.service, integration.operation)
    waited = integration.pattern in {SYNC, SYNC_2}
    operation = (_POLLED if waited else _ACTIONS).get(name)
    if operation is None:
        if waited:
            return None
        operation = action[:1].upper() + action[1:]
    if name == "bedrock:invokeModel":
        service = "bedrock-runtime"
    boto = integration.service if isinstance(integration, ApiCall) else _SERVICES.get(service, service)
    return CalledApi(boto, operation, _JSON.get(name, frozenset()))
