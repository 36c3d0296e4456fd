"""What is not served is refused by name, with the fix."""

import pytest

from shared.local.calls import Call
from shared.local.door.refused import RefusedError, Wrong
from shared.local.enforcement.unanswered import refuse_unanswered
from shared.local.enforcement.unserved import refuse_unserved


def call(service, operation, **parameters):
    return Call(service, operation, parameters, "us-east-1")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (call("lambda", "CreateFunctionUrlConfig", FunctionName="f"), "CreateFunctionUrlConfig"),
        (call("lambda", "PutProvisionedConcurrencyConfig"), "PutProvisionedConcurrencyConfig"),
        (call("lambda", "CreateFunction", FileSystemConfigs=[{"Arn": "a"}]), "FileSystemConfigs"),
        (call("lambda", "CreateFunction", SnapStart={"ApplyOn": "PublishedVersions"}), "SnapStart.ApplyOn"),
        (
            call("lambda", "UpdateFunctionConfiguration", LoggingConfig={"SystemLogLevel": "WARN"}),
            "SystemLogLevel WARN",
        ),
        (call("events", "StartReplay", ReplayName="r"), "StartReplay"),
        (call("events", "PutEvents", EndpointId="x"), "EndpointId"),
    ],
)
def test_it_is_refused_with_the_fix(asked, words):
    with pytest.raises(RefusedError, match=words) as caught:
        refuse_unserved(asked)
    assert caught.value.wrong is Wrong.NOT_HERE
    assert "AWS" in str(caught.value.fix)
    assert "embedded cloud" in caught.value.what


@pytest.mark.parametrize(
    "asked",
    [
        call("lambda", "CreateFunction", FunctionName="f", FileSystemConfigs=[], SnapStart={"ApplyOn": "None"}),
        call("lambda", "Invoke", FunctionName="f", Payload=b"{}"),
        call("s3", "PutObject", Bucket="b"),
    ],
)
def test_what_is_served_or_says_nothing_passes(asked):
    refuse_unserved(asked)


def test_nobody_is_billed_in_the_embedded_cloud():
    with pytest.raises(RefusedError, match="has no Cost Explorer, and makes up no answer to GetCostAndUsage") as caught:
        refuse_unanswered(call("ce", "GetCostAndUsage", Metrics=["UnblendedCost"]), "123456789012")
    assert caught.value.wrong is Wrong.NOT_HERE
    assert "--aws" in str(caught.value.fix)
