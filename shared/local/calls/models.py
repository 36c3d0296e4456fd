"""botocore's models of the services, by their signing names."""

from __future__ import annotations

from functools import cache

from botocore.loaders import Loader
from botocore.model import ServiceModel

# Signing name -> the services with that name that moto serves, if it is not just the service of the same name.
# From botocore's models (1.44.5). A contract test reads all of them, which takes seconds. Left out are services like
# RDS (docdb, neptune: they have the same operations and actions, and AWS cannot tell them apart either), and services
# without a backend in moto.
_SIGNED_AS = {
    "aidevops": ("devops-agent",),
    "aoss": ("opensearchserverless",),
    "apigateway": ("apigateway", "apigatewayv2"),
    "aps": ("amp",),
    "aws-marketplace": ("meteringmarketplace",),
    "bedrock": ("bedrock", "bedrock-agent", "bedrock-runtime"),
    "bedrock-agentcore": ("bedrock-agentcore", "bedrock-agentcore-control"),
    "cloudhsm": ("cloudhsmv2",),
    "connect-campaigns": ("connectcampaigns",),
    "dynamodb": ("dynamodb", "dynamodbstreams"),
    "elasticfilesystem": ("efs",),
    "elasticloadbalancing": ("elb", "elbv2"),
    "elasticmapreduce": ("emr",),
    "es": ("es", "opensearch"),
    "execute-api": ("apigatewaymanagementapi",),
    "iotdata": ("iot-data",),
    "kinesisanalytics": ("kinesisanalyticsv2",),
    "kinesisvideo": ("kinesisvideo", "kinesis-video-archived-media"),
    "lex": ("lexv2-models",),
    "mediastore": ("mediastore", "mediastore-data"),
    "mobiletargeting": ("pinpoint",),
    "monitoring": ("cloudwatch",),
    "s3": ("s3", "s3control"),
    "sagemaker": ("sagemaker", "sagemaker-runtime", "sagemaker-metrics"),
    "servicecatalog": ("servicecatalog", "servicecatalog-appregistry"),
    "servicequotas": ("service-quotas",),
    "ses": ("ses", "sesv2"),
    "sso": ("sso-admin",),
    "states": ("stepfunctions",),
    "tagging": ("resourcegroupstaggingapi",),
    "timestream": ("timestream-query", "timestream-write"),
}


@cache
def _loader() -> Loader:
    """Return our own loader: botocore's clients change S3's model in theirs (botocore/handlers.py)."""
    return Loader()


@cache
def model_of(service: str) -> ServiceModel:
    """Return the model of *service*, by botocore's name of it."""
    return ServiceModel(_loader().load_service_model(service, "service-2"), service_name=service)


@cache
def models_signed_as(name: str) -> tuple[ServiceModel, ...]:
    """Return the models of the services with the signing name *name*, in upper or lower case; none if nobody has it."""
    name = name.lower()
    if name in _SIGNED_AS:
        return tuple(model_of(service) for service in _SIGNED_AS[name])
    if name not in _loader().list_available_services("service-2"):
        return ()
    model = model_of(name)
    return (model,) if model.signing_name.lower() == name else ()
