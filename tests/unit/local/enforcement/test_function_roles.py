"""Lambda tries a function's role before it takes a network, or a destination of records."""

from __future__ import annotations

import pytest
from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import lambda_backends

from shared.local.enforcement import function_roles

VPC = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
INTERFACES = ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"]


@pytest.fixture
def backend(account, gate):
    with function_roles.install(gate):
        yield lambda_backends[account.id][account.region]


@pytest.fixture
def make(account, backend):
    def create(name, *statements, **settings):
        spec = {
            "FunctionName": name,
            "Role": account.role(f"team1-{name}", *statements),
            "Handler": "a.b",
            "Runtime": "python3.12",
            "Code": {"ZipFile": ""},
        }
        return backend.create_function({**spec, **settings})

    return create


def test_a_network_needs_a_role_that_makes_interfaces_in_it(account, backend, make):
    with pytest.raises(InvalidParameterValueException, match="permissions to call CreateNetworkInterface on EC2"):
        make("f", VpcConfig=VPC)
    make("g", account.allow(INTERFACES), VpcConfig=VPC)
    make("h", VpcConfig={"SubnetIds": [], "SecurityGroupIds": []})
    with pytest.raises(InvalidParameterValueException, match="permissions to call CreateNetworkInterface on EC2"):
        backend.update_function_configuration("h", None, {"VpcConfig": VPC})
    role = backend.get_function("g").role
    backend.update_function_configuration("h", None, {"VpcConfig": VPC, "Role": role})
    assert backend.get_function("h").vpc_config["SubnetIds"] == ["subnet-1"]


@pytest.mark.parametrize(
    ("service", "rest", "action", "words"),
    [
        ("sqs", "team1-q", "sqs:SendMessage", "call SendMessage on SQS"),
        ("sns", "team1-t", "sns:Publish", "call Publish on SNS"),
        ("lambda", "function:g", "lambda:InvokeFunction", "call InvokeFunction on Lambda"),
    ],
)
def test_a_destination_needs_a_role_that_sends_to_it(account, backend, make, service, rest, action, words):
    arn = account.arn(service, rest)
    config = {"DestinationConfig": {"OnFailure": {"Destination": arn}}}
    make("f")
    with pytest.raises(InvalidParameterValueException, match=words):
        backend.put_function_event_invoke_config("f", config)
    make("h", account.allow(action, arn))
    backend.put_function_event_invoke_config("h", config)
    assert backend.get_function_event_invoke_config("h")["DestinationConfig"] == config["DestinationConfig"]
