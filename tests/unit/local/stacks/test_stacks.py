"""What a stack goes through: order, failures and the way back, deletion, change sets, exports."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.unit.local.stacks.conftest import machine


def parameter(value="v", **more):
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}, **more}


BROKEN = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "Number", "Value": "v"}}


def refused(account):
    return pytest.raises(ClientError)


def statuses(account, name, resource=None):
    return [status for status, _ in account.events(name, resource)]


def value(account, name, resource="P"):
    told = account.aws.client("ssm").get_parameter(Name=account.physical(name, resource))
    return told["Parameter"]["Value"]


def test_functions_and_conditions_are_evaluated(account, name):
    template = {
        "Parameters": {
            "Stage": {"Type": "String", "AllowedValues": ["dev", "prod"], "Default": "dev"},
            "Some": {"Type": "CommaDelimitedList", "Default": "a, b,c"},
            "Count": {"Type": "Number", "Default": 3},
        },
        "Mappings": {"M": {"dev": {"size": "small"}, "prod": {"size": "big"}}},
        "Conditions": {
            "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
            "Either": {"Fn::Or": [{"Condition": "IsProd"}, {"Fn::Not": [{"Condition": "IsProd"}]}]},
        },
        "Resources": {
            "P": parameter({"Fn::Join": ["-", [{"Ref": "Stage"}, {"Fn::Select": [1, {"Ref": "Some"}]}]]}),
            "Absent": parameter(Condition="IsProd"),
            "Q": parameter(
                {"Fn::Sub": ["${P.Value}/${Own}/${!Kept}/${AWS::Region}", {"Own": {"Ref": "Count"}}]}, DependsOn="R"
            ),
            "R": parameter({"Fn::If": ["IsProd", "yes", {"Fn::FindInMap": ["M", {"Ref": "Stage"}, "size"]}]}),
            "S": {
                "Type": "AWS::SSM::Parameter",
                "Condition": "Either",
                "Properties": {
                    "Type": "String",
                    "Value": {"Fn::Base64": {"Fn::Select": ["0", {"Fn::Split": ["|", "x|y"]}]}},
                    "Description": {"Fn::If": ["IsProd", "big", {"Ref": "AWS::NoValue"}]},
                },
            },
        },
        "Outputs": {
            "Q": {"Value": {"Fn::GetAtt": ["Q", "Value"]}, "Description": "all"},
            "Never": {"Condition": "IsProd", "Value": {"Ref": "Absent"}},
        },
    }

    account.stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))

    assert account.outputs(name) == {"Q": "dev-b/3/${Kept}/us-east-1"}
    assert [value(account, name, each) for each in "PRS"] == ["dev-b", "small", "eA=="]
    told = account.stacks.describe_stack_resources(StackName=name)["StackResources"]
    order = [each["LogicalResourceId"] for each in told]
    assert order.index("R") < order.index("Q")
    assert "Absent" not in order


def test_yaml_has_short_forms(account, name):
    body = f"""
AWSTemplateFormatVersion: 2010-09-09
Description: short
Resources:
  P:
    Type: AWS::SSM::Parameter
    Properties:
      Name: !Sub /{name}/${{AWS::StackName}}
      Type: String
      Value: !Join [",", [!Select [0, !Split [".", a.b]], !If [Here, 2012-10-17, 'no']]]
Conditions:
  Here: !Equals [!Ref AWS::AccountId, '123456789012']
Outputs:
  V: {{Value: !GetAtt P.Value}}
"""
    account.stacks.create_stack(StackName=name, TemplateBody=body)

    assert account.outputs(name) == {"V": "a,2012-10-17"}
    assert account.stacks.get_template(StackName=name)["TemplateBody"] == body


def test_parameters_come_from_systems_manager_and_dynamic_references(account, name):
    ssm = account.aws.client("ssm")
    ssm.put_parameter(Name=f"/{name}/version", Type="String", Value="30")
    account.aws.client("secretsmanager").create_secret(Name=f"{name}-secret", SecretString='{"user": "ada"}')
    more = {
        "Parameters": {"V": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": f"/{name}/version"}},
        "Rules": {
            "New": {
                "Assertions": [
                    {
                        "Assert": {"Fn::Not": [{"Fn::Contains": [["1", "2"], {"Ref": "V"}]}]},
                        "AssertDescription": "too old",
                    }
                ]
            }
        },
    }
    text = f"{{{{resolve:ssm:/{name}/version}}}} {{{{resolve:secretsmanager:{name}-secret:SecretString:user}}}}"

    made = account.create(name, {"P": parameter(text)}, more=more)

    assert made["Parameters"] == [{"ParameterKey": "V", "ParameterValue": f"/{name}/version", "ResolvedValue": "30"}]
    assert value(account, name) == "30 ada"
    ssm.put_parameter(Name=f"/{name}/version", Type="String", Value="2", Overwrite=True)
    with refused(account) as error:
        account.update(name, {"P": parameter("other")}, more=more)
    assert "too old" in str(error.value)


@pytest.mark.parametrize("wrong", ["1abc", "a b", "a/b", "a" * 129, "arn:aws:cloudformation:us-east-1:1:stack/a/b"])
def test_a_stack_has_a_name_that_is_one(account, wrong):
    for made in (
        lambda: account.create(wrong, {"P": parameter()}),
        lambda: account.stacks.create_change_set(
            StackName=wrong,
            ChangeSetName="c",
            ChangeSetType="CREATE",
            TemplateBody=json.dumps({"Resources": {"P": parameter()}}),
        ),
    ):
        with refused(account):
            made()
    assert wrong not in [each["StackName"] for each in account.stacks.list_stacks()["StackSummaries"]]


@pytest.mark.parametrize("function", ["Sub", "Join"])
def test_functions_that_double_a_text_at_each_level_are_refused(account, name, function):
    text = "x" * 64
    for _ in range(40):
        text = (
            {"Fn::Sub": ["${a}${a}", {"a": text}]}
            if function == "Sub"
            else {"Fn::Join": ["", {"Fn::Split": ["|", {"Fn::Sub": ["${a}|${a}", {"a": text}]}]}]}
        )

    with refused(account) as error:
        account.create(name, {"P": parameter(text)})

    assert "more than 8 MB of text" in str(error.value)


def test_an_endless_pattern_of_a_parameter_is_given_up(account, name):
    says = {"Type": "String", "Default": "a" * 60 + "b", "AllowedPattern": "(a|aa)+"}

    with refused(account) as error:
        account.create(name, {"P": parameter()}, more={"Parameters": {"A": says}})

    assert "gives up on the AllowedPattern (a|aa)+" in str(error.value)


@pytest.mark.parametrize(
    ("says", "given"),
    [
        ({"Type": "String"}, None),
        ({"Type": "Number"}, "x"),
        ({"Type": "String", "AllowedValues": ["a"]}, "b"),
        ({"Type": "String", "AllowedPattern": "[a-z]+", "ConstraintDescription": "must be small"}, "B"),
        ({"Type": "String", "MaxLength": 2}, "abc"),
        ({"Type": "Number", "MinValue": "5"}, "4"),
        ({"Type": "AWS::SSM::Parameter::Value<String>"}, "/nowhere"),
        ({"Type": "Strange"}, "x"),
        ({}, "x"),
    ],
)
def test_wrong_parameters_are_refused(account, name, says, given):
    told = [] if given is None else [{"ParameterKey": "A", "ParameterValue": given}]

    with refused(account) as error:
        account.create(name, {"P": parameter()}, more={"Parameters": {"A": says}}, Parameters=told)

    assert error.value.response["Error"]["Code"] == "ValidationError"
    assert "A" in str(error.value)


def test_secrets_among_parameters_are_never_shown(account, name):
    more = {"Parameters": {"A": {"Type": "String", "NoEcho": True}}}
    told = [{"ParameterKey": "A", "ParameterValue": "sesame"}]

    made = account.create(name, {"P": parameter({"Ref": "A"})}, more=more, Parameters=told)

    assert made["Parameters"] == [{"ParameterKey": "A", "ParameterValue": "****"}]
    assert value(account, name) == "sesame"


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ({}, "At least one Resources member"),
        ({"Resources": {}}, "At least one Resources member"),
        ({"Resources": {"A": {}}}, "must contain a Type"),
        ({"Resources": {"A": 3}}, "must be an object"),
        ({"Resources": {"A-b": parameter()}}, "non alphanumeric"),
        ({"Resources": {"A": parameter()}, "Extra": {}}, r"Invalid template property or properties \[Extra\]"),
        ({"Resources": {"A": parameter()}, "Outputs": None}, "'null' values"),
        ({"Resources": {"A": parameter()}, "Transform": "AWS::Serverless-2016-10-31"}, "Transform"),
        ({"Resources": {"A": parameter({"Ref": "B"})}}, r"Unresolved resource dependencies \[B\]"),
        ({"Resources": {"A": parameter({"Fn::GetAtt": ["B", "Value"]})}}, "undefined resource B"),
        ({"Resources": {"A": parameter({"Fn::GetAtt": ["A", "Colour"]})}}, "does not support attribute type Colour"),
        ({"Resources": {"A": parameter({"Fn::Cidr": ["x", 1, 2]})}}, "no function Fn::Cidr"),
        ({"Resources": {"A": parameter({"Fn::Sub": "${B.Value}"})}}, "undefined resource B"),
        ({"Resources": {"A": parameter(DependsOn="B"), "B": parameter({"Ref": "A"})}}, "Circular dependency"),
        ({"Resources": {"A": parameter(DependsOn="C")}}, "Unresolved resource dependencies"),
        ({"Resources": {"A": parameter(Condition="C")}}, "Unrecognized condition"),
        ({"Resources": {"A": parameter(DeletionPolicy="Keep")}}, "Unrecognized DeletionPolicy"),
        ({"Resources": {"A": parameter(DeletionPolicy="Snapshot")}}, "the DeletionPolicy Snapshot of A"),
        ({"Resources": {"A": parameter(CreationPolicy={})}}, "the attribute CreationPolicy of A"),
        ({"Resources": {"A": parameter("{{resolve:ssm-secure:x:1}}")}}, "ssm-secure"),
        ({"Resources": {"A": parameter()}, "Conditions": {"C": "maybe"}}, "must be an object"),
    ],
)
def test_wrong_templates_are_refused_whole(account, name, template, says):
    for call, more in (("create_stack", {}), ("create_change_set", {"ChangeSetName": "c", "ChangeSetType": "CREATE"})):
        with pytest.raises(ClientError, match=says) as error:
            getattr(account.stacks, call)(StackName=name, TemplateBody=json.dumps(template), **more)
        assert error.value.response["Error"]["Code"] == "ValidationError"
    assert name not in [each["StackName"] for each in account.stacks.list_stacks()["StackSummaries"]]


def test_a_failed_create_takes_back_all_but_what_is_to_stay(account, name):
    resources = {
        "Gone": parameter(),
        "Kept": parameter(DeletionPolicy="Retain"),
        "Mostly": parameter(DeletionPolicy="RetainExceptOnCreate"),
        "Bad": {**BROKEN, "DependsOn": ["Gone", "Kept", "Mostly"]},
    }

    made = account.create(name, resources)

    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "The following resource(s) failed to create: [Bad]. Rollback requested by user." in [
        reason for _, reason in account.events(name, name)
    ]
    assert statuses(account, name, "Gone")[-1] == "DELETE_COMPLETE"
    assert statuses(account, name, "Mostly")[-1] == "DELETE_COMPLETE"
    assert statuses(account, name, "Kept")[-1] == "DELETE_SKIPPED"
    with refused(account) as error:
        account.update(name, {"Gone": parameter()})
    assert "is in ROLLBACK_COMPLETE state and can not be updated" in str(error.value)
    account.stacks.delete_stack(StackName=name)
    assert account.create(name, {"P": parameter()})["StackStatus"] == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"OnFailure": "DO_NOTHING"}, "CREATE_FAILED"),
        ({"DisableRollback": True}, "CREATE_FAILED"),
        ({"OnFailure": "DELETE"}, "DELETE_COMPLETE"),
    ],
)
def test_what_happens_on_failure_is_the_callers_choice(account, name, told, status):
    body = json.dumps({"Resources": {"P": parameter(), "Bad": {**BROKEN, "DependsOn": "P"}}})

    identity = account.stacks.create_stack(StackName=name, TemplateBody=body, **told)["StackId"]

    assert account.stack(identity)["StackStatus"] == status
    if status == "CREATE_FAILED":  # an update goes on from there
        assert account.update(name, {"P": parameter(), "Bad": parameter()})["StackStatus"] == "UPDATE_COMPLETE"


def test_a_failed_update_brings_everything_back(account, name):
    before = {"Changed": parameter("old"), "Named": parameter("x"), "Removed": parameter()}
    before["Named"]["Properties"]["Name"] = f"{name}-a"
    account.create(name, before, more={"Outputs": {"O": {"Value": {"Ref": "Named"}}}})
    after = {"Changed": parameter("new"), "Named": parameter("x"), "Added": parameter()}
    after["Named"]["Properties"]["Name"] = f"{name}-b"
    after["Bad"] = {**BROKEN, "DependsOn": list(after)}

    changed = account.update(name, after, more={"Outputs": {"O": {"Value": "other"}}})

    assert changed["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert value(account, name, "Changed") == "old"
    assert account.outputs(name) == {"O": f"{name}-a"}
    assert value(account, name, "Removed") == "v"
    told = account.stacks.describe_stack_resources(StackName=name)["StackResources"]
    left = {each["LogicalResourceId"] for each in told}
    assert left == set(before)
    ssm = account.aws.client("ssm")
    assert not ssm.get_parameters(Names=[f"{name}-b"])["Parameters"]
    assert account.update(name, {"Changed": parameter("newer")})["StackStatus"] == "UPDATE_COMPLETE"
    assert not ssm.get_parameters(Names=[f"{name}-a"])["Parameters"]


def test_replaced_and_removed_resources_stay_where_policies_say_so(account, name):
    kept = parameter(DeletionPolicy="Retain", UpdateReplacePolicy="Retain")
    kept["Properties"]["Name"] = f"{name}-a"
    account.create(name, {"A": kept, "B": parameter()})
    moved = json.loads(json.dumps(kept))
    moved["Properties"]["Name"] = f"{name}-b"

    account.update(name, {"A": moved, "B": parameter()})
    account.update(name, {"B": parameter()})

    found = account.aws.client("ssm").get_parameters(Names=[f"{name}-a", f"{name}-b"])["Parameters"]
    assert len(found) == 2
    assert statuses(account, name, "A").count("DELETE_SKIPPED") == 2


def test_nothing_to_do_is_told_in_awss_words(account, name):
    account.create(name, {"P": parameter()})

    with refused(account) as error:
        account.update(name, {"P": parameter()})

    assert error.value.response["Error"] == {
        "Type": "Sender",
        "Code": "ValidationError",
        "Message": "No updates are to be performed.",
    }
    assert account.update(name, {"P": parameter()}, Tags=[{"Key": "k", "Value": "v"}])["Tags"] == [
        {"Key": "k", "Value": "v"}
    ]


def test_a_stack_in_the_way_is_refused_and_a_protected_one_stays(account, name):
    account.create(name, {"P": parameter()}, EnableTerminationProtection=True)

    with pytest.raises(ClientError, match="AlreadyExists"):
        account.create(name, {"P": parameter()})
    with refused(account) as error:
        account.stacks.delete_stack(StackName=name)
    assert "TerminationProtection is enabled" in str(error.value)
    account.stacks.update_termination_protection(StackName=name, EnableTerminationProtection=False)
    account.stacks.delete_stack(StackName=name)
    account.stacks.delete_stack(StackName=name)  # counts as done
    with refused(account) as error:
        account.stack(name)
    assert error.value.response["Error"]["Message"] == f"Stack with id {name} does not exist"


def test_what_another_stack_imports_cannot_go(account, name):
    export = {"Outputs": {"O": {"Value": {"Ref": "P"}, "Export": {"Name": f"{name}-x"}}}}
    account.create(name, {"P": parameter()}, more=export)
    user = f"{name}-user"
    account.create(user, {"Q": parameter({"Fn::ImportValue": f"{name}-x"})})

    assert value(account, user, "Q") == account.physical(name, "P")
    assert account.stacks.list_imports(ExportName=f"{name}-x")["Imports"] == [user]
    with refused(account) as error:
        account.stacks.delete_stack(StackName=name)
    assert f"Export {name}-x cannot be deleted as it is in use by {user}" in str(error.value)
    again = account.create(f"{name}-again", {"P": parameter()}, more=export)
    assert again["StackStatus"] == "ROLLBACK_COMPLETE"
    account.stacks.delete_stack(StackName=user)
    account.stacks.delete_stack(StackName=name)


def test_a_change_set_is_what_deploy_makes_of_it(account, name):
    def deploy(kind, resources):
        told = account.stacks.create_change_set(
            StackName=name,
            ChangeSetName=f"awscli-cloudformation-package-deploy-{len(resources)}{kind}",
            ChangeSetType=kind,
            TemplateBody=json.dumps({"Resources": resources}),
            Parameters=[],
            Capabilities=[],
            Description="Created by AWS CLI at now UTC",
        )
        found = account.stacks.describe_change_set(ChangeSetName=told["Id"])
        if found["Status"] == "FAILED":
            return found
        account.stacks.execute_change_set(ChangeSetName=told["Id"], StackName=name)
        return found

    found = deploy("CREATE", {"P": parameter("a"), "Q": parameter({"Ref": "P"})})
    assert [each["ResourceChange"]["Action"] for each in found["Changes"]] == ["Add", "Add"]
    assert statuses(account, name, name) == ["REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"]

    same = deploy("UPDATE", {"P": parameter("a"), "Q": parameter({"Ref": "P"})})
    assert (same["Status"], same["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert "The submitted information didn't contain changes." in same["StatusReason"]
    with pytest.raises(ClientError, match="InvalidChangeSetStatus"):
        account.stacks.execute_change_set(ChangeSetName=same["ChangeSetId"])

    renamed = parameter("a")
    renamed["Properties"]["Name"] = f"{name}-new"
    found = deploy("UPDATE", {"P": renamed, "Q": parameter({"Ref": "P"}), "R": parameter()})
    told = {each["ResourceChange"]["LogicalResourceId"]: each["ResourceChange"] for each in found["Changes"]}
    assert (told["P"]["Action"], told["P"]["Replacement"]) == ("Modify", "True")
    assert (told["Q"]["Action"], told["Q"]["Replacement"]) == ("Modify", "False")
    assert told["R"]["Action"] == "Add"
    assert account.stack(name)["StackStatus"] == "UPDATE_COMPLETE"
    assert value(account, name, "Q") == f"{name}-new"


def test_templates_come_from_s3(account, name):
    account.s3.create_bucket(Bucket=f"{name}-templates")
    body = json.dumps({"Resources": {"P": parameter()}})
    account.s3.put_object(Bucket=f"{name}-templates", Key="a/t.json", Body=body.encode())
    url = f"https://{name}-templates.s3.us-east-1.amazonaws.com/a/t.json"

    account.stacks.create_stack(StackName=name, TemplateURL=url)

    assert account.stack(name)["StackStatus"] == "CREATE_COMPLETE"
    with refused(account) as error:
        account.stacks.create_stack(StackName=f"{name}-x", TemplateURL="https://example.org/x")
    assert "TemplateURL must reference a valid S3 object" in str(error.value)


def test_roles_are_acknowledged_first(account, name):
    trust = {"Version": "2012-10-17", "Statement": []}
    role = {"R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}}
    body = json.dumps({"Resources": role})

    with pytest.raises(ClientError, match=r"\[CAPABILITY_IAM\]"):
        account.stacks.create_stack(StackName=name, TemplateBody=body)
    role["R"]["Properties"]["RoleName"] = name
    with pytest.raises(ClientError, match=r"\[CAPABILITY_NAMED_IAM\]"):
        account.stacks.create_stack(
            StackName=name, TemplateBody=json.dumps({"Resources": role}), Capabilities=["CAPABILITY_IAM"]
        )


def test_a_template_is_summed_up(account):
    more = {"Parameters": {"A": {"Type": "String", "Default": "x", "Description": "d"}}}
    body = json.dumps({"Resources": {"M": machine(), "P": parameter()}, "Description": "all", **more})

    told = account.stacks.get_template_summary(TemplateBody=body)

    assert told["ResourceTypes"] == ["AWS::SSM::Parameter", "AWS::StepFunctions::StateMachine"]
    assert told["Parameters"][0]["DefaultValue"] == "x"
    assert account.stacks.validate_template(TemplateBody=body)["Description"] == "all"


def test_the_stacks_tags_are_its_resources_tags(account, name, states_role):
    account.create(
        name,
        {"M": machine(RoleArn=states_role, Tags=[{"Key": "own", "Value": "1"}])},
        Tags=[{"Key": "team", "Value": "t1"}, {"Key": "own", "Value": "2"}],
    )

    tags = account.states.list_tags_for_resource(resourceArn=account.physical(name, "M"))["tags"]
    assert tags == [{"key": "own", "value": "1"}, {"key": "team", "value": "t1"}]


def test_events_show_no_secrets(account, name):
    account.aws.client("secretsmanager").create_secret(Name=name, SecretString="from-manager")
    resources = {
        "P": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {
                "Type": "String",
                "Value": {"Fn::Sub": "a-${Hidden}"},
                "Description": f"{{{{resolve:secretsmanager:{name}}}}}",
                "AllowedPattern": {"Fn::Select": [0, {"Fn::Split": ["-", ".*-${x}"]}]},
            },
        },
        "Q": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Type": "String", "Value": {"Fn::Select": [1, {"Fn::Split": ["-", {"Ref": "Hidden"}]}]}},
        },
    }
    told = {"Parameters": [{"ParameterKey": "Hidden", "ParameterValue": "no-echo"}]}

    made = account.create(name, resources, more={"Parameters": {"Hidden": {"Type": "String", "NoEcho": True}}}, **told)

    assert made["StackStatus"] == "CREATE_COMPLETE", account.events(name)
    value = account.aws.client("ssm").get_parameter(Name=account.physical(name, "P"))["Parameter"]["Value"]
    assert value == "a-no-echo"
    account.stacks.delete_stack(StackName=name)
    events = account.stacks.describe_stack_events(StackName=made["StackId"])["StackEvents"]
    shown = [each["ResourceProperties"] for each in events if "ResourceProperties" in each]
    assert any('"a-****"' in each and "{{resolve:secretsmanager" in each for each in shown)
    assert not any("echo" in each or "from-manager" in each for each in shown)
