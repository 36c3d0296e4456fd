"""Versions, aliases, qualifiers and names of functions, over HTTP: it fails when moto changes what is used of it."""

import json

import pytest
from botocore.exceptions import ClientError
from moto.core.base_backend import BackendDict

from shared.aws.access_key import AccessKey
from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.local.corrections.corrected import moto_corrected
from shared.local.server import MotoServer
from tests.helpers.zips import zipped

PLACE = Place("123456789012", "us-east-1", "dev")
FUNCTION = PLACE.arn("lambda", "function:f")
PARTIAL = "123456789012:function:f"


def source(text=""):
    return f"def handler(event, context): return {text!r}\n"


@pytest.fixture
def aws():
    BackendDict.reset()
    with moto_corrected(), MotoServer() as server:
        server.start()
        found = connect_endpoint(PLACE, server.endpoint, AccessKey("id", "secret"))
        found.iam.create_role(RoleName="r", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')
        yield found
    BackendDict.reset()


@pytest.fixture
def functions(aws):
    """Return a client of Lambda, with the function f in three versions."""
    client = aws.lambda_
    make(client, "f")
    for text in ("1", "2", "3"):
        client.update_function_code(FunctionName="f", ZipFile=zipped(source(text)))
        client.publish_version(FunctionName="f")
    return client


def make(client, name, **settings):
    given = {"Role": PLACE.arn("iam", "role/r"), "Handler": "app.handler", "Runtime": "python3.14"}
    return client.create_function(FunctionName=name, Code={"ZipFile": zipped(source())}, **given, **settings)


def refused(call, **given):
    with pytest.raises(ClientError) as error:
        call(**given)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


@pytest.mark.parametrize("name", ["f", PARTIAL, FUNCTION])
def test_each_call_takes_each_name(functions, name):
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    assert functions.get_alias(FunctionName=name, Name="live")["AliasArn"] == f"{FUNCTION}:live"
    assert [each["Name"] for each in functions.list_aliases(FunctionName=name)["Aliases"]] == ["live"]
    assert len(functions.list_versions_by_function(FunctionName=name)["Versions"]) == 4
    assert functions.get_function(FunctionName=name)["Configuration"]["FunctionArn"] == FUNCTION
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=3)
    assert functions.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 3
    functions.update_function_configuration(FunctionName=name, Timeout=7)
    assert functions.publish_version(FunctionName=name)["Version"] == "4"
    functions.delete_function(FunctionName=f"{name}:4")
    functions.delete_alias(FunctionName=name, Name="live")
    functions.delete_function(FunctionName=name)
    assert functions.list_functions()["Functions"] == []


def test_a_function_is_made_by_its_partial_arn(aws):
    assert make(aws.lambda_, "123456789012:function:g")["FunctionName"] == "g"


def test_a_qualifier_counts_in_the_name_and_beside_it(functions):
    functions.create_alias(FunctionName="f", Name="live", FunctionVersion="2")
    for given in ({"FunctionName": "f", "Qualifier": "live"}, {"FunctionName": f"{PARTIAL}:live"}):
        told = functions.get_function_configuration(**given)
        assert (told["Version"], told["FunctionArn"]) == ("2", f"{FUNCTION}:live")
    wrong = refused(functions.get_function, FunctionName="f:1", Qualifier="2")
    assert wrong == (
        "InvalidParameterValueException",
        "The derived qualifier from the function name does not match the specified qualifier.",
    )
    code, message = refused(functions.update_function_code, FunctionName="f:1", ZipFile=zipped(source("x")))
    assert (code, message[:34]) == ("InvalidParameterValueException", "This operation is permitted on Lam")


def test_a_version_stays_as_it_was_published_and_its_number_is_never_given_again(functions):
    before = functions.get_function_configuration(FunctionName="f", Qualifier="3")
    functions.update_function_configuration(FunctionName="f", Timeout=9, Environment={"Variables": {"A": "b"}})
    assert functions.get_function_configuration(FunctionName="f", Qualifier="3") | {"ResponseMetadata": 0} == before | {
        "ResponseMetadata": 0
    }
    functions.delete_function(FunctionName="f", Qualifier="3")
    assert functions.publish_version(FunctionName="f")["Version"] == "4"
    told = refused(functions.publish_version, FunctionName="f", CodeSha256="other")
    assert told[1].startswith("CodeSHA256 (other) is different from current CodeSHA256 in $LATEST")


def test_what_lambda_refuses_to_delete(functions):
    functions.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    code, message = refused(functions.delete_function, FunctionName="f", Qualifier="1")
    assert (code, message) == (
        "ResourceConflictException",
        "Unable to delete version because the following aliases reference it: [live]",
    )
    assert refused(functions.delete_function, FunctionName="f", Qualifier="live")[0] == "InvalidParameterValueException"
    assert len(functions.list_versions_by_function(FunctionName="f")["Versions"]) == 4


@pytest.mark.parametrize(
    ("version", "shares", "words"),
    [
        ("1", {"1": 0.5}, "already included in routing"),
        ("1", {"2": 0.5, "3": 0.1}, "cannot be greater than 1"),
        ("$LATEST", {"2": 0.5}, "$LATEST is not supported"),
        ("1", {"2": 1.5}, "less than or equal to 1.0"),
        ("1", {"9": 0.5}, "Function not found"),
        ("9", {}, "Function not found"),
    ],
)
def test_an_alias_that_lambda_refuses(functions, version, shares, words):
    given = {"FunctionName": "f", "Name": "live", "FunctionVersion": version}
    given["RoutingConfig"] = {"AdditionalVersionWeights": shares}
    assert words in refused(functions.create_alias, **given)[1]


def test_an_alias_is_changed_only_under_its_revision(functions):
    made = functions.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    changed = functions.update_alias(FunctionName="f", Name="live", FunctionVersion="2", RevisionId=made["RevisionId"])
    assert changed["RevisionId"] != made["RevisionId"]
    told = refused(functions.update_alias, FunctionName="f", Name="live", RevisionId=made["RevisionId"])
    assert told[0] == "PreconditionFailedException"


def test_each_qualifier_has_its_own_policy(functions):
    functions.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    given = {"FunctionName": "f", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    functions.add_permission(StatementId="s", **given)
    functions.add_permission(StatementId="s", Qualifier="live", **given)
    assert refused(functions.add_permission, StatementId="s", **given)[0] == "ResourceConflictException"
    for qualifier, arn in (({}, FUNCTION), ({"Qualifier": "live"}, f"{FUNCTION}:live")):
        (statement,) = json.loads(functions.get_policy(FunctionName="f", **qualifier)["Policy"])["Statement"]
        assert statement["Resource"] == arn
    functions.remove_permission(FunctionName="f", StatementId="s", Qualifier="live")
    assert refused(functions.get_policy, FunctionName="f", Qualifier="live")[0] == "ResourceNotFoundException"
    assert functions.get_policy(FunctionName="f")["Policy"]


def test_each_qualifier_has_its_own_asynchronous_settings(functions):
    functions.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    functions.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=0)
    functions.put_function_event_invoke_config(FunctionName="f", Qualifier="live", MaximumRetryAttempts=1)
    told = functions.list_function_event_invoke_configs(FunctionName="f")["FunctionEventInvokeConfigs"]
    assert {each["FunctionArn"]: each["MaximumRetryAttempts"] for each in told} == {
        f"{FUNCTION}:$LATEST": 0,
        f"{FUNCTION}:live": 1,
    }
    functions.delete_function_event_invoke_config(FunctionName="f:live")
    given = {"FunctionName": "f", "Qualifier": "live"}
    assert refused(functions.get_function_event_invoke_config, **given)[0] == "ResourceNotFoundException"


def test_a_dead_letter_queue_is_kept_and_must_be_there(aws, functions):
    aws.client("sqs").create_queue(QueueName="dead")
    dead = PLACE.arn("sqs", "dead")
    functions.update_function_configuration(FunctionName="f", DeadLetterConfig={"TargetArn": dead})
    assert functions.get_function_configuration(FunctionName="f")["DeadLetterConfig"] == {"TargetArn": dead}
    functions.update_function_configuration(FunctionName="f", DeadLetterConfig={})
    assert "DeadLetterConfig" not in functions.get_function_configuration(FunctionName="f")
    for arn in (PLACE.arn("sqs", "none"), f"{dead}.fifo", FUNCTION):
        told = refused(functions.update_function_configuration, FunctionName="f", DeadLetterConfig={"TargetArn": arn})
        assert told[0] == "InvalidParameterValueException"


def test_some_concurrency_stays_for_all_functions(functions):
    limit = functions.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    told = refused(functions.put_function_concurrency, FunctionName="f", ReservedConcurrentExecutions=limit - 99)
    assert "below its minimum value of [100]" in told[1]
    functions.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=limit - 100)


def test_lists_come_in_pages(functions):
    first = functions.list_versions_by_function(FunctionName="f", MaxItems=3)
    rest = functions.list_versions_by_function(FunctionName="f", Marker=first["NextMarker"])
    assert [each["Version"] for each in first["Versions"] + rest["Versions"]] == ["$LATEST", "1", "2", "3"]
    assert "NextMarker" not in rest
    pages = functions.get_paginator("list_versions_by_function").paginate(
        FunctionName="f", PaginationConfig={"PageSize": 1}
    )
    assert len(list(pages)) == 4
