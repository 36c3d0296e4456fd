"""HTTP Tasks: the request that a task and its connection make, and what becomes of the answer."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from moto import mock_aws

from shared.local.asl.errors import RuntimeFailure
from shared.local.asl.integrations.http_request import Additions, request_of
from shared.local.asl.services import Services

KEYS = {"aws_access_key_id": "lanes", "aws_secret_access_key": "lanes", "region_name": "us-east-1"}
ROLE = "arn:aws:iam::123456789012:role/r"
JSON = {"Content-Type": "application/json"}


class MotoServices(Services):
    def client(self, service, _region, _role=""):
        return boto3.client(service, **KEYS)


@pytest.fixture
def api():
    """A server: what it is to answer by path, and what it was asked."""

    class Api(ThreadingHTTPServer):
        answers = {"/token": (200, JSON, b'{"access_token": "abc"}')}  # noqa: RUF012
        asked = []  # noqa: RUF012

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            self.server.asked.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
            status, headers, body = self.server.answers.get(self.path.partition("?")[0], (404, {}, b"nothing here"))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

        def log_message(self, *_):
            pass

    server = Api(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def url(api):
    return f"http://127.0.0.1:{api.server_port}"


@pytest.fixture
def connect(world):
    """Return a function that makes a connection and returns its ARN."""
    with mock_aws():
        world.engine.services = MotoServices("")
        events = boto3.client("events", **KEYS)

        def make(kind="API_KEY", invocation=None, **parameters):
            parameters = parameters or {"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "secret"}}
            if invocation:
                parameters["InvocationHttpParameters"] = invocation
            made = events.create_connection(Name="c", AuthorizationType=kind, AuthParameters=parameters)
            return made["ConnectionArn"]

        yield make


@pytest.fixture
def call(world, url):
    """Return a function that runs an HTTP Task."""

    def run(connection, path="/x", field="InvocationConfig", **parameters):
        task = {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "End": True}
        task["Parameters"] = {"ApiEndpoint.$": "$", "Method": "GET", field: {"ConnectionArn": connection}, **parameters}
        return world.run({"StartAt": "T", "States": {"T": task}}, path if "://" in path else url + path)

    return run


def test_the_answer_is_the_output(api, connect, call):
    api.answers["/x"] = (200, {**JSON, "X-Two": "2"}, b'{"a": [1]}')
    output = call(connect()).output
    assert (output["StatusCode"], output["StatusText"], output["ResponseBody"]) == (200, "OK", {"a": [1]})
    assert output["Headers"]["x-two"] == ["2"]
    method, path, headers, body = api.asked[0]
    assert (method, path, body) == ("GET", "/x", b"")
    assert headers["x-key"] == "secret"
    assert headers["User-Agent"] == "Amazon|StepFunctions|HttpInvoke|us-east-1"
    assert headers["Range"] == "bytes=0-262144"


def test_text_stays_text(api, connect, call):
    api.answers["/x"] = (201, {"Content-Type": "text/plain"}, b"[1]")
    assert call(connect(), field="Authentication").output["ResponseBody"] == "[1]"


def test_basic_credentials(api, connect, call):
    api.answers["/x"] = (200, JSON, b"{}")
    call(connect("BASIC", BasicAuthParameters={"Username": "me", "Password": "pw"}))
    assert api.asked[0][2]["Authorization"] == "Basic " + base64.b64encode(b"me:pw").decode()


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_token_for_the_clients_credentials(api, url, connect, call, method):
    api.answers["/x"] = (200, JSON, b"{}")
    oauth = {
        "AuthorizationEndpoint": f"{url}/token",
        "HttpMethod": method,
        "ClientParameters": {"ClientID": "me", "ClientSecret": "p w"},
        "OAuthHttpParameters": {"BodyParameters": [{"Key": "scope", "Value": "all"}]},
    }
    connection = connect("OAUTH_CLIENT_CREDENTIALS", OAuthParameters=oauth)
    call(connection)
    asked, sent = api.asked
    form = "grant_type=client_credentials&client_id=me&client_secret=p%20w&scope=all"
    assert (asked[0], asked[1], asked[3].decode()) == (
        (method, "/token", form) if method == "POST" else (method, f"/token?{form}", "")
    )
    assert sent[2]["Authorization"] == "Bearer abc"
    api.answers["/token"] = (401, JSON, b"{}")
    assert call(connection).error == "Events.ConnectionResource.InvalidConnectionState"


@pytest.mark.parametrize(
    ("status", "body", "cause"), [(404, b"gone", "gone"), (500, b"", "Internal Server Error"), (302, b"", "Found")]
)
def test_a_status_that_is_no_success_is_the_error(api, connect, call, status, body, cause):
    api.answers["/x"] = (status, {}, body)
    execution = call(connect())
    assert (execution.error, execution.cause) == (f"States.Http.StatusCode.{status}", cause)


def test_no_connection_is_a_socket_error(connect, call):
    execution = call(connect(), path="http://127.0.0.1:9/x")
    assert execution.error == "States.Http.Socket"
    assert execution.cause == "Unable to execute HTTP request: 127.0.0.1: the connection failed"


@pytest.mark.parametrize(
    ("headers", "body", "error"),
    [
        ({"Content-Type": "image/png"}, b"x", "States.Runtime"),
        ({"Content-Type": "application/octet-stream"}, b"x", "States.Runtime"),
        ({"Content-Type": "text/plain"}, b"\xff", "States.Runtime"),
        ({"Content-Type": "text/plain"}, b"x" * 262_145, "States.DataLimitExceeded"),
    ],
)
def test_answers_that_no_task_takes(api, connect, call, headers, body, error):
    api.answers["/x"] = (200, headers, body)
    assert call(connect()).error == error


def test_what_lies_beyond_this_machine_is_not_called(connect, call, types):
    execution = call(connect(), path="https://api.example.com/x")
    assert execution.error == "States.Runtime"
    assert "The embedded cloud does not call APIs beyond this machine, though AWS does: " in execution.cause
    assert "TaskScheduled" not in types(execution)


def test_a_connection_that_is_not_there(connect, call):
    arn = connect()
    assert call(f"{arn}x").error == "Events.ConnectionResource.ResourceNotFound"
    assert call(arn.replace("/c/", "/d/")).error == "Events.ConnectionResource.ResourceNotFound"


def test_the_role_needs_each_right_in_turn(world, api, url, connect, call):
    api.answers["/x"] = (200, JSON, b"{}")
    connection, seen, granted = connect(), [], set()

    class DeniedError(Exception):
        code, message = "AccessDeniedException", "User: r is not authorized"

    def permit(role, action, resource, keys=()):
        seen.append((role, action, resource, keys))
        if action not in granted:
            raise DeniedError

    world.engine.enforce(permit, lambda *_: True)
    denied = []
    for _ in range(4):
        seen.clear()
        execution = call(connection)
        denied.append((seen[-1][1], execution.error, execution.cause))
        granted.add(seen[-1][1])
    who = "User: r is not authorized"
    assert denied == [
        ("states:InvokeHTTPEndpoint", "States.Permissions", who),
        ("events:RetrieveConnectionCredentials", "Events.ConnectionResource.AccessDenied", who),
        ("secretsmanager:DescribeSecret", "Events.ConnectionResource.AccessDenied", who),
        ("secretsmanager:GetSecretValue", "Events.ConnectionResource.AccessDenied", who),
    ]
    assert api.asked == []
    assert call(connection).status == "SUCCEEDED"
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
    keys = (("states:HTTPMethod", ("GET",)), ("states:HTTPEndpoint", (f"{url}/x",)))
    assert (ROLE, "states:InvokeHTTPEndpoint", machine, keys) in seen


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"Method": "TRACE"}, "The value of the field 'Method' has an invalid format"),
        ({"Headers": "a"}, "The value of the field 'Headers' has an invalid format"),
        (
            {"Transform": {"RequestBodyEncoding": "X"}},
            "The value of the field 'RequestBodyEncoding' has an invalid format",
        ),
        ({"ApiEndpoint": "ftp://127.0.0.1/"}, "The value of the field 'ApiEndpoint' has an invalid format"),
        ({"ApiEndpoint": "http://[/"}, "The value of the field 'ApiEndpoint' has an invalid format"),
        ({"InvocationConfig": {}}, 'The field "ConnectionArn" is required but was missing'),
        ({"Url": "x"}, 'The field "Url" is not supported by Step Functions'),
    ],
)
def test_arguments_that_no_http_task_can_start_with(world, parameters, problem):
    given = {
        "ApiEndpoint": "http://127.0.0.1/",
        "Method": "GET",
        "InvocationConfig": {"ConnectionArn": "c"},
        **parameters,
    }
    task = {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "InputPath": "$", "End": True}
    execution = world.run({"StartAt": "T", "States": {"T": task}}, given)
    assert execution.error == "States.Runtime"
    assert execution.cause.endswith(f"could not be used to start the Task: [{problem}]")


def request(added=None, **arguments):
    return request_of({"ApiEndpoint": "http://h/p", "Method": "POST", **arguments}, added or Additions(), "us-east-1")


def test_what_both_say_is_taken_from_the_connection():
    """The example of the Developer Guide."""
    own = {
        "Headers": {"Request-Id": "my_request_id", "Header-Param": "machine"},
        "RequestBody": {"Job": "Software Engineer", "Company": "AnyCompany", "BodyParam": "machine"},
        "QueryParameters": {"QueryParam": "machine", "more": ["a", "b c"]},
    }
    made = request(Additions({"header-param": "connection"}, {"QueryParam": "c"}, {"BodyParam": "connection"}), **own)
    assert made.url == "http://h/p?more=a&more=b%20c&QueryParam=c"
    assert json.loads(made.body) == {"Job": "Software Engineer", "Company": "AnyCompany", "BodyParam": "connection"}
    assert {"Request-Id": "my_request_id", "header-param": "connection"}.items() <= made.headers.items()
    assert made.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert "Header-Param" not in made.headers


@pytest.mark.parametrize(
    ("arrays", "form"),
    [
        ("INDICES", "a%5B0%5D=b&a%5B1%5D=c&m%5Bk%5D=1%202&t=true&n="),
        ("REPEAT", "a=b&a=c&m%5Bk%5D=1%202&t=true&n="),
        ("COMMAS", "a=b%2Cc&m%5Bk%5D=1%202&t=true&n="),
        ("BRACKETS", "a%5B%5D=b&a%5B%5D=c&m%5Bk%5D=1%202&t=true&n="),
    ],
)
def test_a_body_as_a_form(arrays, form):
    transform = {"RequestBodyEncoding": "URL_ENCODED", "RequestEncodingOptions": {"ArrayFormat": arrays}}
    body = {"a": ["b", "c"], "m": {"k": "1 2"}, "t": True, "n": None}
    assert request(RequestBody=body, Transform=transform).body.decode() == form


@pytest.mark.parametrize("name", ["Authorization", "host", "X-Amz-Date", "x-forwarded-for", "a b", "n\nx"])
def test_headers_that_no_task_may_set(name):
    with pytest.raises(RuntimeFailure):
        request(Headers={name: "x"})


@pytest.mark.parametrize("value", ["a\r\nb: c", "ö"])
def test_values_that_no_header_has(value):
    with pytest.raises(RuntimeFailure):
        request(Headers={"x": value})


def test_text_cannot_be_merged_with_a_connections_body():
    assert request(RequestBody="<a/>").body == b"<a/>"
    with pytest.raises(RuntimeFailure):
        request(Additions(body={"a": "b"}), RequestBody="<a/>")
