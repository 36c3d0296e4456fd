"""AWS::StepFunctions in stacks: definitions in all their forms, settings, versions, aliases, activities."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.unit.local.stacks.conftest import PASS, machine

pytestmark = pytest.mark.usefixtures("states_role")


def result(text):
    return {"StartAt": "S", "States": {"S": {"Type": "Pass", "Result": text, "End": True}}}


def described(account, name):
    return account.states.describe_state_machine(stateMachineArn=account.physical(name, "M"))


def test_substitutions_fill_a_string(account, name):
    template = json.dumps(result("${Who} ${Kept}")).replace("true", "${Last}")

    made = account.create(
        name, {"M": machine(DefinitionString=template, DefinitionSubstitutions={"Who": "Ada", "Last": True})}
    )

    assert made["StackStatus"] == "CREATE_COMPLETE"
    assert json.loads(described(account, name)["definition"]) == result("Ada ${Kept}")


def test_a_definition_is_an_object_in_yaml_with_references_and_substitutions(account, name):
    body = """
    Parameters: {Word: {Type: String, Default: hello}}
    Resources:
      M:
        Type: AWS::StepFunctions::StateMachine
        Properties:
          RoleArn: arn:aws:iam::123456789012:role/states
          DefinitionSubstitutions: {There: !Sub "${AWS::Region}"}
          Definition:
            Comment: !Ref Word
            StartAt: S
            States:
              S: {Type: Pass, Result: "${There}", End: true}
    """

    account.stacks.create_stack(StackName=name, TemplateBody=body)

    assert json.loads(described(account, name)["definition"]) == {"Comment": "hello", **result("us-east-1")}


@pytest.mark.parametrize(
    "text", [json.dumps(result("${X}")), "StartAt: S\nStates:\n  S: {Type: Pass, Result: '${X}', End: true}"]
)
def test_a_definition_lies_in_s3(account, name, text):
    account.s3.create_bucket(Bucket=f"{name}-definitions")
    account.s3.put_object(Bucket=f"{name}-definitions", Key="m.asl", Body=text.encode())
    place = {"Bucket": f"{name}-definitions", "Key": "m.asl"}

    account.create(name, {"M": machine(DefinitionS3Location=place, DefinitionSubstitutions={"X": "there"})})

    assert json.loads(described(account, name)["definition"]) == result("there")


def test_type_logging_tracing_and_tags_are_kept_and_changed(account, name):
    account.aws.client("logs").create_log_group(logGroupName=f"/{name}")
    group = f"arn:aws:logs:us-east-1:123456789012:log-group:/{name}:*"
    logging = {
        "Level": "ALL",
        "IncludeExecutionData": True,
        "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": group}}],
    }

    account.create(
        name,
        {
            "M": machine(
                StateMachineType="EXPRESS",
                LoggingConfiguration=logging,
                TracingConfiguration={"Enabled": "true"},
                Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
            )
        },
    )

    made = described(account, name)
    assert made["type"] == "EXPRESS"
    assert made["loggingConfiguration"]["level"] == "ALL"
    assert made["loggingConfiguration"]["destinations"] == [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}]
    assert made["tracingConfiguration"] == {"enabled": True}

    arn = made["stateMachineArn"]
    account.update(name, {"M": machine(StateMachineType="EXPRESS", Tags=[{"Key": "b", "Value": "3"}])})

    changed = described(account, name)
    assert changed["stateMachineArn"] == arn
    assert changed["loggingConfiguration"]["level"] == "OFF"
    assert changed["tracingConfiguration"] == {"enabled": False}
    assert account.states.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "b", "value": "3"}]


def _doubled(levels):
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, levels))]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "substitution", "reason"),
    [
        (_doubled(40), "x", "aliases are not supported"),
        (json.dumps({"Comment": "x" * 1_048_576}), "x", "longer than 1048576 bytes"),
        (json.dumps({"Comment": "${X}" * 5_000}), "x" * 4_000, "longer than 1048576 bytes with them"),
    ],
)
def test_a_definition_that_becomes_too_long_is_refused(account, name, text, substitution, reason):
    account.s3.create_bucket(Bucket=f"{name}-definitions")
    account.s3.put_object(Bucket=f"{name}-definitions", Key="m.asl", Body=text.encode())
    place = {"Bucket": f"{name}-definitions", "Key": "m.asl"}

    account.create(name, {"M": machine(DefinitionS3Location=place, DefinitionSubstitutions={"X": substitution})})

    assert reason in account.events(name, "M")[1][1]


def test_a_new_type_takes_a_new_machine(account, name):
    account.create(name, {"M": machine()})
    before = account.physical(name, "M")

    account.update(name, {"M": machine(StateMachineType="EXPRESS")})

    assert account.physical(name, "M") != before
    with pytest.raises(ClientError, match="StateMachineDoesNotExist"):
        account.states.describe_state_machine(stateMachineArn=before)


def test_a_new_type_of_a_named_machine_is_refused(account, name):
    account.create(name, {"M": machine(StateMachineName=name)})

    changed = account.update(name, {"M": machine(StateMachineName=name, StateMachineType="EXPRESS")})

    assert changed["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert (
        "UPDATE_FAILED",
        (
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename "
            f"{name} and update the stack again."
        ),
    ) in account.events(name, "M")
    assert described(account, name)["type"] == "STANDARD"


def test_a_name_is_the_logical_id_and_random_letters(account, name):
    account.create(name, {"M": machine()}, more={"Outputs": {"N": {"Value": {"Fn::GetAtt": ["M", "Name"]}}}})

    assert account.outputs(name)["N"].startswith("M-")
    assert len(account.outputs(name)["N"]) == len("M-") + 12


def test_a_definition_that_is_refused_fails_the_stack_with_the_reason(account, name):
    made = account.create(name, {"M": machine(DefinitionString='{"StartAt": "Nowhere", "States": {}}')})

    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    status, reason = account.events(name, "M")[1]
    assert status == "CREATE_FAILED"
    assert "Invalid State Machine Definition" in reason
    assert "HandlerErrorCode: InvalidRequest" in reason


def test_a_machine_that_is_there_is_not_adopted(account, name):
    account.states.create_state_machine(
        name=name, definition=json.dumps(PASS), roleArn=machine()["Properties"]["RoleArn"]
    )

    made = account.create(name, {"M": machine(StateMachineName=name)})

    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "already exists" in account.events(name, "M")[1][1]
    arn = f"arn:aws:states:us-east-1:123456789012:stateMachine:{name}"
    assert account.states.describe_state_machine(stateMachineArn=arn)["status"] == "ACTIVE"


@pytest.mark.parametrize("given", [{}, {"DefinitionString": json.dumps(PASS), "Definition": PASS}])
def test_exactly_one_definition_is_needed(account, name, given):
    role = {"RoleArn": "arn:aws:iam::123456789012:role/states"}
    made = account.create(name, {"M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {**role, **given}}})

    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "exactly one of DefinitionString" in account.events(name, "M")[1][1]


def test_versions_and_aliases_follow_the_machine(account, name):
    def resources(text, *versions):
        weights = [100] if len(versions) == 1 else [90, 10]
        routes = [
            {"StateMachineVersionArn": {"Ref": version}, "Weight": weight}
            for version, weight in zip(versions, weights, strict=True)
        ]
        arn, revision = {"Ref": "M"}, {"Fn::GetAtt": ["M", "StateMachineRevisionId"]}
        kind = "AWS::StepFunctions::StateMachineVersion"
        return {
            "M": machine(Definition=result(text)),
            **{
                version: {
                    "Type": kind,
                    "Properties": {"StateMachineArn": arn, "Description": version}
                    | ({"StateMachineRevisionId": revision} if version != versions[0] else {}),
                    "DeletionPolicy": "Retain" if version == "Kept" else "Delete",
                }
                for version in versions
            },
            "A": {
                "Type": "AWS::StepFunctions::StateMachineAlias",
                "Properties": {"Name": "live", "RoutingConfiguration": routes},
            },
        }

    assert account.create(name, resources("one", "V1"))["StackStatus"] == "CREATE_COMPLETE"
    alias = account.physical(name, "A")
    first = account.physical(name, "V1")
    assert first.endswith(":1")
    told = account.states.describe_state_machine_alias(stateMachineAliasArn=alias)
    assert told["routingConfiguration"] == [{"stateMachineVersionArn": first, "weight": 100}]

    assert account.update(name, resources("two", "V1", "V2"))["StackStatus"] == "UPDATE_COMPLETE"

    told = account.states.describe_state_machine_alias(stateMachineAliasArn=alias)
    assert [each["weight"] for each in told["routingConfiguration"]] == [90, 10]

    account.stacks.delete_stack(StackName=name)
    with pytest.raises(ClientError, match="does not exist"):
        account.stack(name)


def test_an_alias_that_is_moved_in_steps_is_refused_by_name(account, name):
    alias = {
        "Type": "AWS::StepFunctions::StateMachineAlias",
        "Properties": {"DeploymentPreference": {"Type": "LINEAR", "StateMachineVersionArn": "arn", "Interval": 1}},
    }

    with pytest.raises(ClientError) as refused:
        account.create(name, {"A": alias})

    assert "DeploymentPreference of Type LINEAR" in str(refused.value)
    assert "DeploymentPreference.Interval" in str(refused.value)


def test_activities_are_made_and_replaced(account, name):
    def activity(called):
        return {"A": {"Type": "AWS::StepFunctions::Activity", "Properties": {"Name": called}}}

    account.create(name, activity(f"{name}-a"))
    first = account.physical(name, "A")
    assert account.states.describe_activity(activityArn=first)["name"] == f"{name}-a"

    account.update(name, activity(f"{name}-b"))

    assert account.physical(name, "A").endswith(f"{name}-b")
    with pytest.raises(ClientError, match="ActivityDoesNotExist"):
        account.states.describe_activity(activityArn=first)
