"""Custom resources: a function of the stack's own makes them, and answers to a URL.

Source: AWS CloudFormation Template Reference, "Custom resource request and response reference" (read 2026-11-30). AWS
waits for the answer for up to an hour, also when the function has failed. Here a function that failed, or that ended
and has not answered a minute later, fails the resource, and the reason says so.

Two providers of the CDK are programs of node, which this cloud's Lambda does not run. What they do is done here, with
the rights of the provider's role (aws-cdk-lib 2.276, custom-resource-handlers: aws-logs and aws-s3).
"""

from __future__ import annotations

import json
import secrets
import threading
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import ClientError

from shared.local.stacks.kinds.kind import Kind, Properties, ResourceFailed, Work
from shared.local.stacks.kinds.missing import code_of, gone_already
from shared.local.stacks.shapes import Property
from shared.local.strict_json import read_strict

if TYPE_CHECKING:
    from shared.values import Json

_LOOPBACK = "127.0.0.1"
_LONGEST_ANSWER = 4096  # bytes (the same page)
_PATIENCE = 60.0  # seconds between a function's end and its answer
_ANY = Property()


class Custom(Kind):
    """A resource of any type under ``Custom::``, or an AWS::CloudFormation::CustomResource."""

    type = "AWS::CloudFormation::CustomResource"
    properties = {}
    required = ("ServiceToken",)

    def property(self, name: str) -> Property | None:
        """Return a property: there may be any."""
        del name
        return _ANY

    def knows(self, attribute: str) -> bool:
        """Say that any attribute may be asked for: the answer tells them."""
        del attribute
        return True

    def create(self, work: Work, wanted: Properties) -> str:
        """Have the function make it."""
        return self._ask(work, wanted, {"RequestType": "Create"})

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> str | None:
        """Have the function change it. If it answers with another physical id, there is another one now."""
        if wanted.get("ServiceToken") != have.get("ServiceToken"):
            raise ResourceFailed("Modifying service token is not allowed.")
        old = _as_texts(have)
        return self._ask(
            work, wanted, {"RequestType": "Update", "PhysicalResourceId": physical, "OldResourceProperties": old}
        )

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Have the function delete it."""
        self._ask(work, have, {"RequestType": "Delete", "PhysicalResourceId": physical})

    def _ask(self, work: Work, properties: Properties, told: Mapping[str, Json]) -> str:
        """Call the function, and return the physical id of its answer.

        Raises:
            ResourceFailed: It failed, or did not answer.
        """
        token = str(properties["ServiceToken"])
        request = str(uuid.uuid4())
        with _Answers() as answers:
            event = {
                "ServiceToken": token,
                "ResponseURL": answers.url,
                "StackId": work.stack_id,
                "RequestId": request,
                "LogicalResourceId": work.name,
                "ResourceType": work.kind,
                "ResourceProperties": _as_texts(properties),
                **told,
            }
            ended = work.client("lambda").invoke(FunctionName=token, Payload=json.dumps(event).encode())
            failed = ended["Payload"].read().decode(errors="replace") if ended.get("FunctionError") else ""
            answer = answers.wait(0 if failed else _PATIENCE)
        if answer is None:
            why = f"it failed: {failed[:1000]}" if failed else f"nothing came within {_PATIENCE:.0f} s of its end"
            raise ResourceFailed(
                f"CloudFormation did not receive a response from your Custom Resource: {why} (AWS would wait for an "
                f"hour). Please check your logs for requestId [{request}]."
            )
        physical = str(answer.get("PhysicalResourceId") or told.get("PhysicalResourceId") or "")
        if answer.get("Status") != "SUCCESS":
            reason = answer.get("Reason") or "the function gave no reason"
            raise ResourceFailed(f"Received response status [FAILED] from custom resource. Message returned: {reason}")
        if not physical:
            raise ResourceFailed("Invalid PhysicalResourceId: the function's answer has none")
        data = answer.get("Data")
        work.told.update(data if isinstance(data, Mapping) else {})
        return physical


def _as_texts(value: Any) -> Any:
    """Return *value* as CloudFormation hands it to functions: numbers and booleans are texts."""
    if isinstance(value, Mapping):
        return {name: _as_texts(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_as_texts(each) for each in value]
    return value if isinstance(value, str) else json.dumps(value)


class _Answers:
    """A listener on the loopback for one answer. Only who was told its URL knows the secret in it."""

    def __init__(self) -> None:
        self._path = f"/{secrets.token_urlsafe(32)}"
        self._came = threading.Event()
        self._answer: Mapping[str, Any] | None = None
        self._server = ThreadingHTTPServer((_LOOPBACK, 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """Where to PUT the answer."""
        return f"http://{_LOOPBACK}:{self._server.server_port}{self._path}"

    def wait(self, seconds: float) -> Mapping[str, Any] | None:
        """Return the answer, or None if none has come after *seconds*."""
        self._came.wait(seconds)
        return self._answer

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _take(self, raw: bytes) -> None:
        try:
            found = read_strict(raw)
        except ValueError:
            found = {"Status": "FAILED", "Reason": "Invalid response object: it is no JSON"}
        self._answer = (
            found if isinstance(found, Mapping) else {"Status": "FAILED", "Reason": "Invalid response object"}
        )
        self._came.set()

    def _handler(answers: _Answers) -> type[BaseHTTPRequestHandler]:  # noqa: N805  the handler has a self of its own
        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                mine = secrets.compare_digest(self.path, answers._path)
                if mine and length <= _LONGEST_ANSWER:
                    answers._take(self.rfile.read(length))
                self.send_response(HTTPStatus.OK if mine and length <= _LONGEST_ANSWER else HTTPStatus.FORBIDDEN)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


class _OfTheCdk(Kind):
    """What a provider of the CDK does, without the provider."""

    required = ("ServiceToken",)

    def property(self, name: str) -> Property | None:
        """Return a property; ServiceToken names the provider."""
        return _ANY if name == "ServiceToken" else super().property(name)

    @staticmethod
    def _client(work: Work, properties: Properties, service: str) -> Any:
        """Return a client with the rights of the provider's role, for who may call the provider.

        Raises:
            ResourceFailed: The function is no program of node, so it does something else.
        """
        token = str(properties["ServiceToken"])
        functions = work.client("lambda")
        functions.invoke(FunctionName=token, InvocationType="DryRun")
        provider = functions.get_function_configuration(FunctionName=token)
        if not str(provider.get("Runtime", "")).startswith("nodejs"):
            raise ResourceFailed(
                f"{token} is not the CDK's provider of {work.kind}, which is a program of node; give the resource a "
                "type of your own, under Custom::"
            )
        return work.of_function(provider["Role"])(service)


class LogRetention(_OfTheCdk):
    """How long a log group keeps its lines. It is made if it is not there."""

    type = "Custom::LogRetention"
    properties = {
        "LogGroupName": Property("logs.CreateLogGroup.logGroupName"),
        "RetentionInDays": Property("logs.PutRetentionPolicy.retentionInDays"),
        "RemovalPolicy": Property(),
    }
    attributes = ("LogGroupName",)

    def create(self, work: Work, wanted: Properties) -> str:
        """Set it."""
        logs = self._client(work, wanted, "logs")
        name = str(wanted["LogGroupName"])
        try:
            logs.create_log_group(logGroupName=name)
        except ClientError as error:
            if code_of(error) != "ResourceAlreadyExistsException":
                raise
        if "RetentionInDays" in wanted:
            logs.put_retention_policy(logGroupName=name, retentionInDays=wanted["RetentionInDays"])
        else:
            logs.delete_retention_policy(logGroupName=name)
        return name

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> str | None:
        """Set it anew."""
        return self.create(work, wanted)

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete the log group, if its RemovalPolicy says so; else leave it."""
        if have.get("RemovalPolicy") == "destroy":
            with gone_already():
                self._client(work, have, "logs").delete_log_group(logGroupName=physical)

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return the log group's name."""
        return {"LogGroupName": physical}


class EmptiedBucket(_OfTheCdk):
    """A bucket that is emptied before it is deleted."""

    type = "Custom::S3AutoDeleteObjects"
    properties = {"BucketName": Property("s3.CreateBucket.Bucket", replaces=True)}

    def create(self, work: Work, wanted: Properties) -> str:
        """Do nothing yet."""
        return f"{wanted['BucketName']}-objects"

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete every version of every object."""
        s3 = self._client(work, have, "s3")
        bucket = have["BucketName"]
        with gone_already():
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
                listed = [
                    {"Key": each["Key"], "VersionId": each["VersionId"]}
                    for each in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                ]
                if listed:
                    s3.delete_objects(Bucket=bucket, Delete={"Objects": listed})


OWN = Custom()
"""What every other type under ``Custom::`` is."""

KINDS: tuple[Kind, ...] = (OWN, LogRetention(), EmptiedBucket())
