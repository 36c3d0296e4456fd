"""One call of CloudFormation's API: what it says, who makes it, and the stacks that it is about."""

from __future__ import annotations

import re
import threading
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from shared.local.stacks import parameters
from shared.local.stacks.blueprint import Blueprint, draw
from shared.local.stacks.operation import Around, Operation
from shared.local.stacks.records import Stack, Wanted, now
from shared.local.stacks.refusals import ValidationError, no_stack, not_here
from shared.local.stacks.template import MOST_BYTES, MOST_BYTES_IN_S3, Template, read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shared.local.door.callers import Caller
    from shared.local.stacks.records import ChangeSet
    from shared.local.stacks.rights import Rights
    from shared.values import Json

_LOCK = threading.RLock()  # held while a stack is looked up and marked as busy, never while it is made
_VIRTUAL_HOST = re.compile(r"(?P<bucket>.+)\.s3[.-]?[a-z0-9.-]*\.amazonaws\.com(\.cn)?")
_MOST_TAGS = 50
_STACK_NAME = re.compile("[a-zA-Z][-a-zA-Z0-9]*")  # API reference, CreateStack (read 2026-11-30)
_LONGEST_NAME = 128
_DELETED_FOR = timedelta(days=90)  # API reference, ListStacks (read 2026-11-30)
_MOST_DELETED = 500  # stacks, and of one stack:
_MOST_CHANGE_SETS = 100


@dataclass(slots=True)
class Tables:
    """The stacks and change sets of an account in a region, which lie in moto's backend."""

    stacks: dict[str, Stack]
    change_sets: dict[str, ChangeSet]

    def find(self, name: str) -> Stack | None:
        """Return the stack with that *name* or id; one that was deleted only by its id."""
        if name in self.stacks:
            return self.stacks[name]
        return next((each for each in self.there() if each.name == name), None)

    def there(self) -> list[Stack]:
        """Return the stacks that are not deleted."""
        return [each for each in list(self.stacks.values()) if each.status != "DELETE_COMPLETE"]

    def forget_old(self) -> None:
        """Forget stacks that were deleted long ago, and the oldest of those that are too many."""
        gone = sorted(
            (each for each in list(self.stacks.values()) if each.deleted), key=lambda each: each.deleted or now()
        )
        old = [each for each in gone if each.deleted and each.deleted < now() - _DELETED_FOR]
        for each in gone[: max(len(old), len(gone) - _MOST_DELETED)]:
            self.stacks.pop(each.stack_id, None)

    def add(self, change_set: ChangeSet) -> None:
        """Keep *change_set*, and of its stack no more than the newest: some tools make one each time they run."""
        self.change_sets[change_set.id] = change_set
        own = [key for key, each in list(self.change_sets.items()) if each.stack_id == change_set.stack_id]
        for key in own[:-_MOST_CHANGE_SETS]:
            self.change_sets.pop(key, None)

    def exports(self, name: str) -> Json:
        """Return what a stack exports as *name*."""
        return next((out.value for each in self.there() for out in each.outputs if out.export == name), None)


@dataclass(frozen=True, slots=True)
class Asked:
    """One call.

    Attributes:
        params: Its parameters, by their names in botocore's model.
        caller: Who makes it.
        account: The account.
        region: The region.
        tables: The stacks.
        rights: Makes clients for whoever does the work.
    """

    params: Mapping[str, Any]
    caller: Caller
    account: str
    region: str
    tables: Tables
    rights: Rights

    @property
    def lock(self) -> threading.RLock:
        """What holds the tables still."""
        return _LOCK

    def text(self, name: str) -> str:
        """Return the parameter *name*; empty if it is not given."""
        found = self.params.get(name)
        return "" if found is None else str(found)

    def listed(self, name: str) -> list[Any]:
        """Return the list *name*; an empty one if it is not given."""
        return list(self.params.get(name) or [])

    def only(self, *names: str) -> None:
        """Refuse parameters that are not done here: those that say anything and are not among *names*.

        Raises:
            ValidationError: There are some.
        """
        lacks = [
            name for name, value in self.params.items() if value not in (None, "", False, [], {}) and name not in names
        ]
        if lacks:
            raise not_here(f"the parameter {name}" for name in sorted(lacks))

    def standard_mode(self) -> None:
        """Refuse a deployment in another mode than the standard one.

        Raises:
            ValidationError: It is asked for.
        """
        mode = (self.params.get("DeploymentConfig") or {}).get("Mode") or "STANDARD"
        if mode != "STANDARD":
            raise not_here([f"the parameter DeploymentConfig with the Mode {mode}"])

    def stack(self) -> Stack:
        """Return the stack that StackName names.

        Raises:
            ValidationError: There is none.
        """
        found = self.tables.find(self.text("StackName"))
        if found is None:
            raise no_stack(self.text("StackName"))
        return found

    def new_stack(self) -> Stack:
        """Return a new stack with the name that StackName gives.

        Raises:
            ValidationError: It is no name.
        """
        name = self.text("StackName")
        if not _STACK_NAME.fullmatch(name):
            raise ValidationError(
                f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: Member must "
                f"satisfy regular expression pattern: {_STACK_NAME.pattern}"
            )
        if len(name) > _LONGEST_NAME:
            raise ValidationError(
                f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: Member must "
                f"have length less than or equal to {_LONGEST_NAME}"
            )
        return Stack(self.new_id("stack", name), name)

    def new_id(self, kind: str, name: str) -> str:
        """Return a new ARN of the *kind* (stack, changeSet) for *name*."""
        partition = "aws-cn" if self.region.startswith("cn-") else "aws"
        return f"arn:{partition}:cloudformation:{self.region}:{self.account}:{kind}/{name}/{uuid.uuid4()}"

    def client(self, role: str = "") -> Callable[[str], Any]:
        """Return the maker of clients with the rights of the caller, or of *role*."""
        return self.rights.of(self.caller, self.region, role)

    def template(self, before: Template | None) -> Template:
        """Return the template that the call brings, or *before* if it asks for the previous one.

        Raises:
            ValidationError: There is none, or more than one.
        """
        body, url, previous = (
            self.text("TemplateBody"),
            self.text("TemplateURL"),
            self.params.get("UsePreviousTemplate"),
        )
        if bool(body) + bool(url) + bool(previous) != 1:
            raise ValidationError("Exactly one of TemplateBody, TemplateURL or UsePreviousTemplate must be specified.")
        if previous:
            if before is None:
                raise ValidationError("There is no previous template.")
            return before
        if len(body.encode(errors="replace")) > MOST_BYTES:
            raise ValidationError(
                "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have "
                f"length less than or equal to {MOST_BYTES}"
            )
        return read(body or self._from_s3(url))

    def _from_s3(self, url: str) -> str:
        bucket, key = _place(url, self.rights.endpoint_host)
        try:
            answer = self.client()("s3").get_object(Bucket=bucket, Key=key)
            if answer["ContentLength"] > MOST_BYTES_IN_S3:
                raise ValidationError(f"Template may not exceed {MOST_BYTES_IN_S3} bytes in size.")
            raw = answer["Body"].read()
        except (ClientError, BotoCoreError) as error:
            raise ValidationError(f"S3 error: {error}") from error
        return str(raw.decode("utf-8-sig", errors="replace"))

    def wanted(self, before: Wanted | None) -> Wanted:
        """Return what the call wants of a stack that was *before*."""
        template = self.template(before.template if before else None)
        told = self._told(before)
        role = self.text("RoleARN") or (before.role if before else "")
        tags = {each["Key"]: each["Value"] for each in self.listed("Tags")}
        if self.params.get("Tags") is None and before:
            tags = dict(before.tags)
        _check_tags(tags)
        given = parameters.resolve(template, told, self._from_ssm)
        return Wanted(template, given, tags, (), role, tuple(self.listed("Capabilities")))

    def _told(self, before: Wanted | None) -> dict[str, str]:
        told, listed = {}, self.listed("Parameters")
        for each in listed:
            key, value = each.get("ParameterKey"), each.get("ParameterValue")
            if each.get("UsePreviousValue"):
                if before is None or key not in before.parameters:
                    raise ValidationError(
                        f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true for a "
                        "parameter key not in the previous template"
                    )
                value = before.parameters[key].text
            if key is None or value is None:
                raise ValidationError(
                    f"Invalid input for parameter key {key}. Either a value or usePreviousValue must be specified"
                )
            told[key] = value
        return told

    def _from_ssm(self, name: str) -> str:
        try:
            return str(self.client()("ssm").get_parameter(Name=name)["Parameter"]["Value"])
        except ClientError as error:
            if error.response["Error"].get("Code") == "ParameterNotFound":
                raise ValidationError(
                    f"Unable to fetch parameters [{name}] from parameter store for this account."
                ) from error
            raise ValidationError(str(error.response["Error"].get("Message"))) from error
        except BotoCoreError as error:
            raise ValidationError(
                f"Unable to fetch parameters [{name}] from parameter store for this account."
            ) from error

    def blueprint(self, name: str, stack_id: str, wanted: Wanted) -> Blueprint:
        """Return the blueprint of *wanted* for the stack called *name*."""
        return draw(wanted, self._pseudo(name, stack_id), self.tables.exports)

    def _pseudo(self, name: str, stack_id: str) -> dict[str, Json]:
        return parameters.pseudo(self.account, self.region, name, stack_id, ())

    def operation(self, stack: Stack, role: str) -> Operation:
        """Return the operation on *stack*, done with the rights of *role*, or of the caller if it is empty."""
        others = [each for each in self.tables.there() if each is not stack]
        around = Around(
            self.client(role),
            lambda of: self.rights.of_function(of, self.region),
            self.account,
            self.region,
            self.caller.kind == "root" and not role,
            self._pseudo(stack.name, stack.stack_id),
            self.tables.exports,
            lambda name: next((each.name for each in others for out in each.outputs if out.export == name), ""),
            lambda name: [each.name for each in others if name in each.imports],
        )
        return Operation(stack, around)


def _place(url: str, endpoint: str) -> tuple[str, str]:
    """Return the bucket and the key that *url* names; *endpoint* is the host of this cloud."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    else:
        path = unquote(parts.path).lstrip("/")
        virtual = _VIRTUAL_HOST.fullmatch(host)
        if virtual and path:
            return virtual["bucket"], path
        bucket, _, key = path.partition("/")
        if (
            bucket
            and key
            and (host in {endpoint, "localhost"} or re.fullmatch(r"s3[.-]?[a-z0-9.-]*\.amazonaws\.com", host))
        ):
            return bucket, key
    raise ValidationError(f"TemplateURL must reference a valid S3 object to which you have access: {url}")


def _check_tags(tags: Mapping[str, str]) -> None:
    if len(tags) > _MOST_TAGS:
        raise ValidationError(f"Stack cannot have more than {_MOST_TAGS} tags")
    reserved = [key for key in tags if key.lower().startswith("aws:")]
    if reserved:
        raise ValidationError(f"aws: prefixed tag key names are not allowed for external use: {reserved[0]}")


def page(asked: Asked, items: Sequence[Any], size: int) -> tuple[list[Any], str | None]:
    """Return the page of *items* that the call asks for by NextToken, and the token of the one after it.

    Raises:
        ValidationError: The token is none that was given.
    """
    token = asked.text("NextToken") or "0"
    if not token.isdecimal() or int(token) > len(items):
        raise ValidationError("NextToken is invalid")
    start = int(token)
    following = start + size
    return list(items[start:following]), str(following) if following < len(items) else None


def shown(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return *tags* as the API shows them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return *values* but for those that are None or empty texts."""
    return {name: value for name, value in values.items() if value is not None and value != ""}
