"""AWS::StepFunctions: state machines, their versions and aliases, and activities.

Source: AWS CloudFormation Template Reference, the types of AWS::StepFunctions, "Update requires" of each property (read
2026-11-30). CreateStateMachine and CreateActivity answer with what is there if it is the same; CloudFormation does not
adopt it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml
from botocore.exceptions import ClientError

from shared.local.stacks.kinds.kind import Kind, Properties, ResourceFailed, Work, tags_of
from shared.local.stacks.kinds.missing import code_of, gone_already
from shared.local.stacks.shapes import Property, made_of
from shared.local.stacks.template import PlainLoader
from shared.local.strict_json import read_strict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.values import Json

_NAME = 80
_LONGEST = 1_048_576  # bytes of a definition (API reference, CreateStateMachine)
_DEFINITIONS = ("DefinitionString", "Definition", "DefinitionS3Location")
_CREATE = "stepfunctions.CreateStateMachine"
_TAGS = Property("dynamodb.CreateTable.Tags")  # {Key, Value}, where Step Functions' API has small letters


class StateMachine(Kind):
    """A state machine. Its name and its type stay; all else is changed in place."""

    type = "AWS::StepFunctions::StateMachine"
    properties = {
        "StateMachineName": Property(f"{_CREATE}.name", replaces=True),
        "StateMachineType": Property(f"{_CREATE}.type", replaces=True),
        "RoleArn": Property(f"{_CREATE}.roleArn"),
        "DefinitionString": Property(f"{_CREATE}.definition"),
        "Definition": Property(),
        "DefinitionS3Location": made_of({"Bucket!": "string", "Key!": "string", "Version": "string"}),
        "DefinitionSubstitutions": Property(),
        "LoggingConfiguration": Property(f"{_CREATE}.loggingConfiguration", lower=True),
        "TracingConfiguration": Property(f"{_CREATE}.tracingConfiguration", lower=True),
        "EncryptionConfiguration": Property(f"{_CREATE}.encryptionConfiguration", lower=True),
        "Tags": _TAGS,
    }
    required = ("RoleArn",)
    attributes = ("Arn", "Name", "StateMachineRevisionId")
    named_by = "StateMachineName"

    def create(self, work: Work, wanted: Properties) -> str:
        """Make it, unless there is one of the name."""
        name = str(wanted.get("StateMachineName") or work.generated(_NAME, with_stack=False))
        arn = work.arn("states", f"stateMachine:{name}")
        states = work.client("stepfunctions")
        _see_that_it_is_new(self.type, name, lambda: states.describe_state_machine(stateMachineArn=arn))
        answer = states.create_state_machine(
            name=name,
            type=wanted.get("StateMachineType", "STANDARD"),
            tags=[{"key": key, "value": value} for key, value in tags_of(wanted).items()],
            **_settings(work, wanted),
        )
        return str(answer["stateMachineArn"])

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Change it in place. What is no longer said is as if it had never been."""
        settings = _settings(work, wanted)
        for key, default in _DEFAULTS.items():
            if key not in settings and key[:1].upper() + key[1:] in have:
                settings[key] = default
        states = work.client("stepfunctions")
        states.update_state_machine(stateMachineArn=physical, **settings)
        _retag(states, physical, tags_of(have), tags_of(wanted))

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it with its versions, which cannot be without it."""
        with gone_already():
            work.client("stepfunctions").delete_state_machine(stateMachineArn=physical)

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its ARN, name and revision."""
        told = work.client("stepfunctions").describe_state_machine(stateMachineArn=physical)
        revision = told.get("revisionId") or "INITIAL"
        return {"Arn": physical, "Name": told["name"], "StateMachineRevisionId": revision}


_DEFAULTS: dict[str, Any] = {
    "loggingConfiguration": {"level": "OFF", "includeExecutionData": False, "destinations": []},
    "tracingConfiguration": {"enabled": False},
    "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
}


def _settings(work: Work, wanted: Properties) -> dict[str, Any]:
    told = {key: wanted[key[:1].upper() + key[1:]] for key in _DEFAULTS if key[:1].upper() + key[1:] in wanted}
    return {"definition": _definition(work, wanted), "roleArn": wanted["RoleArn"], **told}


def _definition(work: Work, wanted: Properties) -> str:
    """Return the definition as text, with each ``${key}`` of DefinitionSubstitutions replaced.

    Raises:
        ResourceFailed: There is none, or more than one.
    """
    given = [name for name in _DEFINITIONS if name in wanted]
    if len(given) != 1:
        found = ", ".join(given) or "none"
        raise ResourceFailed(
            f"Properties validation failed for resource {work.name} with message:\n#: exactly one of "
            f"{', '.join(_DEFINITIONS)} must be given, found: {found}"
        )
    value = wanted[given[0]]
    if given[0] == "DefinitionS3Location":
        text = _from_s3(work, value)
    else:
        text = value if isinstance(value, str) else json.dumps(value)
    substitutions = wanted.get("DefinitionSubstitutions") or {}
    if not isinstance(substitutions, Mapping):
        raise ResourceFailed("#/DefinitionSubstitutions: expected type: JSONObject")
    return _substituted(text, substitutions)


def _substituted(text: str, values: Mapping[str, Json]) -> str:
    wrong = [key for key, value in values.items() if not isinstance(value, (str, int, float))]
    if wrong:
        raise ResourceFailed(f"#/DefinitionSubstitutions/{wrong[0]}: expected type: String, Integer or Boolean")
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    room = _LONGEST

    def fill(found: re.Match[str]) -> str:
        nonlocal room
        filled = texts.get(found[1], found[0])
        room -= len(filled)
        if room < 0:
            raise ResourceFailed(f"#/DefinitionSubstitutions: the definition is longer than {_LONGEST} bytes with them")
        return filled

    return re.sub(r"\$\{([^}]+)\}", fill, text)


def _from_s3(work: Work, place: Json) -> str:
    """Return the definition that lies in S3, in JSON; one in YAML is turned into it."""
    if not isinstance(place, Mapping):
        raise ResourceFailed("#/DefinitionS3Location: expected type: JSONObject")
    version = {"VersionId": place["Version"]} if "Version" in place else {}
    answer = work.client("s3").get_object(Bucket=place["Bucket"], Key=place["Key"], **version)
    if answer["ContentLength"] > _LONGEST:
        raise ResourceFailed(f"#/DefinitionS3Location: the definition is longer than {_LONGEST} bytes")
    text = answer["Body"].read().decode("utf-8-sig", errors="replace")
    try:
        read_strict(text)
    except ValueError:
        return _of_yaml(text)
    return str(text)


def _of_yaml(text: str) -> str:
    try:
        return json.dumps(yaml.load(text, Loader=PlainLoader))  # noqa: S506  it makes plain values alone
    except (yaml.YAMLError, TypeError, ValueError, RecursionError) as error:
        raise ResourceFailed(f"Invalid State Machine Definition: neither JSON nor YAML: {error}") from error


def _see_that_it_is_new(kind: str, name: str, describe: Any) -> None:
    """Raise if *describe* finds something: a stack adopts nothing that it did not make."""
    try:
        describe()
    except ClientError as error:
        if code_of(error).endswith("DoesNotExist"):
            return
        if code_of(error).startswith("AccessDenied"):
            return  # whoever may create and not look: the API decides
        raise
    raise ResourceFailed(f"Resource of type '{kind}' with identifier '{name}' already exists.")


def _retag(states: Any, arn: str, have: dict[str, str], wanted: dict[str, str]) -> None:
    gone = sorted(set(have) - set(wanted))
    new = [{"key": key, "value": value} for key, value in wanted.items() if have.get(key) != value]
    if gone:
        states.untag_resource(resourceArn=arn, tagKeys=gone)
    if new:
        states.tag_resource(resourceArn=arn, tags=new)


class StateMachineVersion(Kind):
    """A published version. Each change is a new one."""

    type = "AWS::StepFunctions::StateMachineVersion"
    properties = {
        "StateMachineArn": Property("stepfunctions.PublishStateMachineVersion.stateMachineArn", replaces=True),
        "StateMachineRevisionId": Property("stepfunctions.PublishStateMachineVersion.revisionId", replaces=True),
        "Description": Property("stepfunctions.PublishStateMachineVersion.description", replaces=True),
    }
    required = ("StateMachineArn",)
    attributes = ("Arn",)

    def create(self, work: Work, wanted: Properties) -> str:
        """Publish it."""
        told = {
            "revisionId": wanted.get("StateMachineRevisionId"),
            "description": wanted.get("Description"),
        }
        answer = work.client("stepfunctions").publish_state_machine_version(
            stateMachineArn=wanted["StateMachineArn"], **{key: value for key, value in told.items() if value}
        )
        return str(answer["stateMachineVersionArn"])

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it."""
        with gone_already():
            work.client("stepfunctions").delete_state_machine_version(stateMachineVersionArn=physical)

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its ARN."""
        return {"Arn": physical}


class StateMachineAlias(Kind):
    """An alias, which routes to one or two versions at once (deployments that take their time are refused)."""

    type = "AWS::StepFunctions::StateMachineAlias"
    properties = {
        "Name": Property("stepfunctions.CreateStateMachineAlias.name", replaces=True),
        "Description": Property("stepfunctions.CreateStateMachineAlias.description"),
        "RoutingConfiguration": Property("stepfunctions.CreateStateMachineAlias.routingConfiguration", lower=True),
        "DeploymentPreference": made_of({"StateMachineVersionArn!": "string", "Type!": "string"}),
    }
    attributes = ("Arn",)
    named_by = "Name"

    def check(self, wanted: Properties) -> Iterator[str]:
        """Yield a deployment in steps."""
        preference = wanted.get("DeploymentPreference")
        if isinstance(preference, Mapping) and preference.get("Type") != "ALL_AT_ONCE":
            yield f"DeploymentPreference of Type {preference.get('Type')} (ALL_AT_ONCE is done)"

    def create(self, work: Work, wanted: Properties) -> str:
        """Make it."""
        answer = work.client("stepfunctions").create_state_machine_alias(
            name=wanted.get("Name") or work.generated(_NAME, with_stack=False),
            routingConfiguration=_routes(work, wanted),
            **({"description": wanted["Description"]} if "Description" in wanted else {}),
        )
        return str(answer["stateMachineAliasArn"])

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Route it, and describe it, anew."""
        work.client("stepfunctions").update_state_machine_alias(
            stateMachineAliasArn=physical,
            routingConfiguration=_routes(work, wanted),
            description=wanted.get("Description", ""),
        )

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it."""
        with gone_already():
            work.client("stepfunctions").delete_state_machine_alias(stateMachineAliasArn=physical)

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its ARN."""
        return {"Arn": physical}


def _routes(work: Work, wanted: Properties) -> Any:
    preference = wanted.get("DeploymentPreference")
    routes = wanted.get("RoutingConfiguration")
    if (preference is None) == (routes is None):
        raise ResourceFailed(
            f"Properties validation failed for resource {work.name} with message:\n#: exactly one of "
            "RoutingConfiguration, DeploymentPreference must be given"
        )
    if isinstance(preference, Mapping):
        return [{"stateMachineVersionArn": preference.get("StateMachineVersionArn"), "weight": 100}]
    return routes


class Activity(Kind):
    """An activity. Its name and its encryption stay."""

    type = "AWS::StepFunctions::Activity"
    properties = {
        "Name": Property("stepfunctions.CreateActivity.name", replaces=True),
        "EncryptionConfiguration": Property(
            "stepfunctions.CreateActivity.encryptionConfiguration", replaces=True, lower=True
        ),
        "Tags": _TAGS,
    }
    required = ("Name",)
    attributes = ("Arn", "Name")
    named_by = "Name"

    def create(self, work: Work, wanted: Properties) -> str:
        """Make it, unless there is one of the name."""
        states = work.client("stepfunctions")
        arn = work.arn("states", f"activity:{wanted['Name']}")
        _see_that_it_is_new(self.type, str(wanted["Name"]), lambda: states.describe_activity(activityArn=arn))
        encryption = wanted.get("EncryptionConfiguration")
        answer = states.create_activity(
            name=wanted["Name"],
            tags=[{"key": key, "value": value} for key, value in tags_of(wanted).items()],
            **({"encryptionConfiguration": encryption} if encryption else {}),
        )
        return str(answer["activityArn"])

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Change its tags."""
        _retag(work.client("stepfunctions"), physical, tags_of(have), tags_of(wanted))

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it."""
        with gone_already():
            work.client("stepfunctions").delete_activity(activityArn=physical)

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its ARN and its name."""
        return {"Arn": physical, "Name": physical.rpartition(":")[2]}


KINDS: tuple[Kind, ...] = (StateMachine(), StateMachineVersion(), StateMachineAlias(), Activity())
