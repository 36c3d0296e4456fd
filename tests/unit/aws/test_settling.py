"""Which answers of AWS pass by themselves, which say that the work is done, and which are there to stay."""

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, NoCredentialsError, SSLError

from shared.aws.settling.answers import is_done, is_made, passing
from shared.aws.settling.rules import LOST, THROTTLED, UNAVAILABLE


def refusal(code, message="", status=400):
    error = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(error, "operation")


CALLER = "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: lambda:CreateFunction on resource: x"
PASS = {
    "a role that IAM has not told of": ("iam.put_role_policy", refusal("NoSuchEntity")),
    "a principal that is new": ("iam.create_role", refusal("MalformedPolicyDocument", "Invalid principal in policy")),
    "a role that Lambda has not heard of": (
        "lambda.create_function",
        refusal("InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."),
    ),
    "a repository whose policy is new": ("lambda.create_function", refusal("AccessDeniedException", "no ECR access")),
    "a function that is still changing": (
        "lambda.update_function_code",
        refusal("ResourceConflictException", "An update is in progress for resource"),
    ),
    "too many tables at once": (
        "dynamodb.create_table",
        refusal("LimitExceededException", "Too many operations are simultaneous"),
    ),
}
STAY = {
    "the same code of another call": ("iam.get_role", refusal("NoSuchEntity")),
    "another code of the same call": ("iam.put_role_policy", refusal("LimitExceeded")),
    "a policy that is wrong": ("iam.create_role", refusal("MalformedPolicyDocument", "Syntax errors in policy.")),
    "a value that is wrong": (
        "lambda.create_function",
        refusal("InvalidParameterValueException", "MemorySize must be at most 3008"),
    ),
    "a caller who may not": ("lambda.create_function", refusal("AccessDeniedException", CALLER)),
    "a function of that name": (
        "lambda.create_function",
        refusal("ResourceConflictException", "Function already exist: f"),
    ),
    "the quota on tables": (
        "dynamodb.create_table",
        refusal("LimitExceededException", "Subscriber limit exceeded: 2500 tables"),
    ),
    "a certificate that is not trusted": (
        "iam.create_role",
        SSLError(endpoint_url="https://there", error=OSError("untrusted")),
    ),
    "no credentials": ("iam.create_role", NoCredentialsError()),
    "a status just below a fault of the service": ("iam.create_role", refusal("Odd", status=499)),
}
EVERYWHERE = {
    "a connection that was lost": (ConnectionClosedError(endpoint_url="https://there"), LOST),
    "a throttled call": (refusal("ThrottlingException"), THROTTLED),
    "a fault by its code": (refusal("InternalFailure"), UNAVAILABLE),
    "a fault by its status": (refusal("Odd", status=500), UNAVAILABLE),
}


@pytest.mark.parametrize("name", PASS)
def test_what_passes_is_waited_for_with_its_reason(name):
    call, error = PASS[name]
    rule = passing(call, error)
    assert rule is not None
    assert call in rule.calls
    assert rule.why
    assert rule.fix


@pytest.mark.parametrize("name", STAY)
def test_what_stays_is_not_waited_for(name):
    call, error = STAY[name]
    assert passing(call, error) is None


@pytest.mark.parametrize("name", EVERYWHERE)
def test_some_things_pass_whatever_was_called(name):
    error, rule = EVERYWHERE[name]
    assert passing("any.call", error) is rule


@pytest.mark.parametrize(
    ("call", "error", "done"),
    [
        ("iam.delete_role", refusal("NoSuchEntity"), True),
        ("iam.delete_role", refusal("DeleteConflict"), False),
        ("iam.create_role", refusal("NoSuchEntity"), False),
        ("lambda.delete_function_event_invoke_config", refusal("ResourceNotFoundException"), True),
        ("ecs.deregister_task_definition", refusal("ClientException", "It is INACTIVE."), True),
        ("ecs.deregister_task_definition", refusal("ClientException", "It is something else."), False),
        ("iam.delete_role", NoCredentialsError(), False),
    ],
)
def test_a_delete_of_what_is_gone_is_done(call, error, done):
    assert is_done(call, error) is done


@pytest.mark.parametrize(
    ("call", "error", "made"),
    [
        ("iam.create_role", refusal("EntityAlreadyExists"), True),
        ("iam.create_role", refusal("LimitExceeded"), False),
        ("iam.delete_role", refusal("EntityAlreadyExists"), False),
    ],
)
def test_a_create_of_what_is_there_is_looked_at(call, error, made):
    assert is_made(call, error) is made
