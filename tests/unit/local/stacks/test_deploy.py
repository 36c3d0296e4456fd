"""A template such as the CDK synthesizes, deployed as ``aws cloudformation deploy`` does it, run, changed, destroyed.

It needs no node: tests/workflows/test_cdk.py has the CDK itself make such a template.
"""

import io
import json
import time
import zipfile

import pytest
from botocore.exceptions import ClientError

PREFIX = "arn:aws:iam::aws:policy/service-role"
BUCKET = {"Fn::Sub": "assets-${AWS::AccountId}-${AWS::Region}"}


def _trusted(service):
    statement = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": service}}
    return {"Statement": [statement], "Version": "2012-10-17"}


def _of(resource, attribute="Arn"):
    return {"Fn::GetAtt": [resource, attribute]}


def _joined(*parts):
    return {"Fn::Join": ["", list(parts)]}


def _function(asset, handler, runtime, role):
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": {"S3Bucket": BUCKET, "S3Key": asset},
            "Handler": handler,
            "Role": _of(role),
            "Runtime": runtime,
        },
        "DependsOn": [role],
        "Metadata": {"aws:cdk:path": handler, "aws:asset:is-bundled": False},
    }


def template(seconds):
    """Return the template: a state machine that waits *seconds*, and calls a function."""
    wait = f'{{"StartAt":"Wait","States":{{"Wait":{{"Type":"Wait","Seconds":{seconds},"Next":"Work"}},"Work":'
    return {
        "Resources": {
            "WorkerRole": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": _trusted("lambda.amazonaws.com"),
                    "ManagedPolicyArns": [
                        _joined("arn:", {"Ref": "AWS::Partition"}, PREFIX[7:], "/AWSLambdaBasicExecutionRole")
                    ],
                },
            },
            "Worker": _function("worker.zip", "worker.handler", "python3.11", "WorkerRole"),
            "WorkerLogs": {
                "Type": "Custom::LogRetention",
                "Properties": {
                    "ServiceToken": _of("Provider"),
                    "LogGroupName": _joined("/aws/lambda/", {"Ref": "Worker"}),
                    "RetentionInDays": 1,
                },
            },
            "ProviderRole": {
                "Type": "AWS::IAM::Role",
                "Properties": {"AssumeRolePolicyDocument": _trusted("lambda.amazonaws.com")},
            },
            "ProviderPolicy": {
                "Type": "AWS::IAM::Policy",
                "Properties": {
                    "PolicyDocument": {
                        "Statement": [{"Action": "logs:*", "Effect": "Allow", "Resource": "*"}],
                        "Version": "2012-10-17",
                    },
                    "PolicyName": "ProviderPolicy",
                    "Roles": [{"Ref": "ProviderRole"}],
                },
            },
            "Provider": {
                **_function("provider.zip", "index.handler", "nodejs22.x", "ProviderRole"),
                "DependsOn": ["ProviderPolicy", "ProviderRole"],
            },
            "MachineRole": {
                "Type": "AWS::IAM::Role",
                "Properties": {"AssumeRolePolicyDocument": _trusted("states.amazonaws.com")},
            },
            "MachinePolicy": {
                "Type": "AWS::IAM::Policy",
                "Properties": {
                    "PolicyDocument": {
                        "Statement": [
                            {"Action": "lambda:InvokeFunction", "Effect": "Allow", "Resource": _of("Worker")}
                        ],
                        "Version": "2012-10-17",
                    },
                    "PolicyName": "MachinePolicy",
                    "Roles": [{"Ref": "MachineRole"}],
                },
            },
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "DefinitionString": _joined(wait, '{"Type":"Task","End":true,"Resource":"', _of("Worker"), '"}}}'),
                    "RoleArn": _of("MachineRole"),
                },
                "DependsOn": ["MachinePolicy", "MachineRole"],
                "UpdateReplacePolicy": "Delete",
                "DeletionPolicy": "Delete",
            },
            "CDKMetadata": {
                "Type": "AWS::CDK::Metadata",
                "Properties": {"Analytics": "v2:deflate64:H4sIAAAA"},
                "Condition": "CDKMetadataAvailable",
            },
        },
        "Conditions": {
            "CDKMetadataAvailable": {
                "Fn::Or": [
                    {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]},
                    {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]},
                ]
            }
        },
        "Outputs": {"MachineArn": {"Value": {"Ref": "Machine"}}},
        "Parameters": {
            "BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/bootstrap/version"}
        },
        "Rules": {
            "CheckBootstrapVersion": {
                "Assertions": [
                    {
                        "Assert": {"Fn::Not": [{"Fn::Contains": [["1", "2", "3"], {"Ref": "BootstrapVersion"}]}]},
                        "AssertDescription": "bootstrap again",
                    }
                ]
            }
        },
    }


@pytest.fixture(scope="module")
def bootstrapped(account):
    """The account, with the bucket of assets, what lies in it, and the version of the bootstrap."""
    account.s3.create_bucket(Bucket="assets-123456789012-us-east-1")
    for key, file, text in (
        ("worker.zip", "worker.py", "def handler(event, context):\n    print('worked')\n    return event\n"),
        ("provider.zip", "index.js", "exports.handler = async () => {};\n"),
    ):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(file, text)
        account.s3.put_object(Bucket="assets-123456789012-us-east-1", Key=key, Body=buffer.getvalue())
    account.aws.client("ssm").put_parameter(Name="/bootstrap/version", Type="String", Value="30")
    return account


def deploy(account, name, body):
    """Do what ``aws cloudformation deploy`` does; return why there is nothing to do, or nothing."""
    found = [each for each in account.stacks.describe_stacks()["Stacks"] if each["StackName"] == name]
    kind = "UPDATE" if found else "CREATE"
    made = account.stacks.create_change_set(
        StackName=name,
        ChangeSetName=f"awscli-cloudformation-package-deploy-{time.time_ns()}",
        ChangeSetType=kind,
        TemplateBody=json.dumps(body),
        Parameters=[{"ParameterKey": "BootstrapVersion", "UsePreviousValue": True}] if found else [],
        Capabilities=["CAPABILITY_IAM"],
    )
    told = account.stacks.describe_change_set(ChangeSetName=made["Id"], StackName=name)
    if told["Status"] == "FAILED":
        return told["StatusReason"]
    account.stacks.execute_change_set(ChangeSetName=made["Id"], StackName=name)
    assert account.stack(name)["StackStatus"] == f"{kind}_COMPLETE", account.events(name)
    return ""


def run(account, machine):
    started = account.states.start_execution(stateMachineArn=machine, input='{"a": 1}')["executionArn"]
    deadline = time.monotonic() + 120
    while (ended := account.states.describe_execution(executionArn=started))["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return ended["status"], json.loads(ended.get("output", "null"))


def test_it_is_deployed_run_changed_and_destroyed(bootstrapped, name):
    account = bootstrapped

    assert deploy(account, name, template(0)) == ""
    machine = account.outputs(name)["MachineArn"]
    assert run(account, machine) == ("SUCCEEDED", {"a": 1})
    (group,) = account.aws.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}-Worker")[
        "logGroups"
    ]
    assert group["retentionInDays"] == 1

    assert "didn't contain changes" in deploy(account, name, template(0))

    assert deploy(account, name, template(1)) == ""
    assert account.outputs(name)["MachineArn"] == machine
    told = json.loads(account.states.describe_state_machine(stateMachineArn=machine)["definition"])
    assert told["States"]["Wait"]["Seconds"] == 1

    worker = account.physical(name, "Worker")
    account.stacks.delete_stack(StackName=name)
    with pytest.raises(ClientError, match="StateMachineDoesNotExist"):
        account.states.describe_state_machine(stateMachineArn=machine)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        account.lambda_.get_function(FunctionName=worker)
