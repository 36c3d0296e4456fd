"""Every operation and member of Lambda, EventBridge and its Scheduler is decided on: served, or refused by name.

It fails when botocore learns of one that is in neither list. Then say which it is, and serve it or leave it out.
"""

import pytest

from shared.local.calls.models import model_of
from shared.local.enforcement.unserved import SERVED

REFUSED = {
    "lambda": """CheckpointDurableExecution CreateCapacityProvider CreateCodeSigningConfig CreateFunctionUrlConfig
        DeleteCapacityProvider DeleteCodeSigningConfig DeleteDurableExecution DeleteFunctionCodeSigningConfig
        DeleteFunctionUrlConfig DeleteProvisionedConcurrencyConfig DeleteResourcePolicy GetCapacityProvider
        GetCodeSigningConfig GetDurableExecution GetDurableExecutionHistory GetDurableExecutionState
        GetFunctionRecursionConfig GetFunctionScalingConfig GetFunctionUrlConfig GetLayerVersionByArn
        GetProvisionedConcurrencyConfig GetResourcePolicy GetRuntimeManagementConfig InvokeWithResponseStream
        ListCapacityProviders
        ListCodeSigningConfigs ListDurableExecutionsByFunction ListFunctionUrlConfigs
        ListFunctionVersionsByCapacityProvider ListFunctionsByCodeSigningConfig ListProvisionedConcurrencyConfigs
        PauseDurableExecution PutFunctionCodeSigningConfig PutFunctionRecursionConfig PutFunctionScalingConfig
        PutProvisionedConcurrencyConfig PutResourcePolicy PutRuntimeManagementConfig ResumeDurableExecution
        SendDurableExecutionCallbackFailure SendDurableExecutionCallbackHeartbeat SendDurableExecutionCallbackSuccess
        StopDurableExecution UpdateCapacityProvider UpdateCodeSigningConfig UpdateFunctionUrlConfig""",
    "events": """ActivateEventSource CancelReplay CreateApiDestination CreateArchive CreateEndpoint
        CreatePartnerEventSource DeactivateEventSource DeauthorizeConnection DeleteApiDestination DeleteArchive
        DeleteEndpoint DeletePartnerEventSource DescribeApiDestination DescribeArchive DescribeEndpoint
        DescribeEventSource DescribePartnerEventSource DescribeReplay ListApiDestinations ListArchives ListEndpoints
        ListEventSources ListPartnerEventSourceAccounts ListPartnerEventSources ListReplays PutPartnerEvents StartReplay
        UpdateApiDestination UpdateArchive UpdateEndpoint UpdateEventBus""",
    "scheduler": "",
}
_MAPPING = """KMSKeyArn MetricsConfig LoggingConfig ParallelizationFactor TumblingWindowInSeconds
    SourceAccessConfigurations AmazonManagedKafkaEventSourceConfig SelfManagedKafkaEventSourceConfig
    DocumentDBEventSourceConfig ProvisionedPollerConfig"""
_FUNCTION = "FileSystemConfigs CapacityProviderConfig DurableConfig RuntimeConfig AcceleratorConfig"
_CONNECTION = "InvocationConnectivityParameters KmsKeyIdentifier"
REFUSED_MEMBERS = {
    "AddLayerVersionPermission": "OrganizationId",
    "CreateEventSourceMapping": f"{_MAPPING} Topics Queues SelfManagedEventSource",
    "CreateFunction": f"{_FUNCTION} PublishTo CodeSigningConfigArn TenancyConfig",
    "Invoke": "DurableExecutionName TenantId",
    "ListFunctions": "MasterRegion",
    "ListLayerVersions": "CompatibleArchitecture CompatibleRuntime",
    "ListLayers": "CompatibleArchitecture CompatibleRuntime",
    "PublishVersion": "RevisionId PublishTo",
    "UpdateEventSourceMapping": _MAPPING,
    "UpdateFunctionCode": "S3ObjectStorageMode PublishTo RevisionId SourceKMSKeyArn",
    "UpdateFunctionConfiguration": f"{_FUNCTION} RevisionId",
    "CreateConnection": _CONNECTION,
    "UpdateConnection": _CONNECTION,
    "CreateEventBus": "EventSourceName KmsKeyIdentifier DeadLetterConfig LogConfig",
    "ListConnections": "NamePrefix ConnectionState NextToken Limit",
    "PutEvents": "EndpointId",
}


@pytest.mark.parametrize("service", SERVED)
def test_each_operation_is_decided_on(service):
    refused = REFUSED[service].split()
    assert sorted([*SERVED[service], *refused]) == sorted(model_of(service).operation_names)


@pytest.mark.parametrize(
    ("service", "operation"), [(service, operation) for service, served in SERVED.items() for operation in served]
)
def test_each_member_is_decided_on(service, operation):
    shape = model_of(service).operation_model(operation).input_shape
    refused = REFUSED_MEMBERS.get(operation, "").split()
    served = SERVED[service][operation].split()
    assert sorted([*served, *refused]) == sorted(shape.members if shape else ())
