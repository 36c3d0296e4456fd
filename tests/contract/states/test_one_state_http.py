"""TestState of an HTTP Task: what was sent and what came back."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

ROLE = "arn:aws:iam::123456789012:role/states"
KEY = "s3cret-key"


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        answer = json.dumps({"path": self.path, "key": self.headers["X-Key"], "body": json.loads(body)}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def endpoint():
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield f"http://127.0.0.1:{server.server_port}/there"
        server.shutdown()


@pytest.fixture
def task(cloud, endpoint):
    connection = cloud.client("events").create_connection(
        Name="a-connection",
        AuthorizationType="API_KEY",
        AuthParameters={
            "ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": KEY},
            "InvocationHttpParameters": {"QueryStringParameters": [{"Key": "theirs", "Value": "hidden"}]},
        },
    )["ConnectionArn"]
    yield {
        "Type": "Task",
        "Resource": "arn:aws:states:::http:invoke",
        "Parameters": {
            "ApiEndpoint": endpoint, "Method": "POST", "Authentication": {"ConnectionArn": connection},
            "Headers": {"X-Own": "1"}, "QueryParameters": {"own": "2"}, "RequestBody": {"a": 3},
        },
        "End": True,
    }  # fmt: skip
    cloud.client("events").delete_connection(Name="a-connection")


def inspected(cloud, task, level, **more):
    answer = cloud.client("stepfunctions").test_state(
        definition=json.dumps(task), roleArn=ROLE, inspectionLevel=level, **more
    )
    assert answer["status"] == "SUCCEEDED", answer
    assert json.loads(answer["output"])["ResponseBody"] == {
        "path": "/there?own=2&theirs=hidden", "key": KEY, "body": {"a": 3},
    }  # fmt: skip
    return answer["inspectionData"]


def test_trace_shows_the_request_and_its_secrets_only_if_asked_to(cloud, task, endpoint):
    seen = inspected(cloud, task, "TRACE")
    request, response = seen["request"], seen["response"]
    assert (request["protocol"], request["method"]) == ("http", "POST")
    assert request["url"] == f"{endpoint}?own=2"
    assert "X-Own: 1" in request["headers"]
    assert KEY not in json.dumps(request)
    assert json.loads(request["body"]) == {"a": 3}
    assert (response["statusCode"], response["statusMessage"]) == ("200", "OK")
    assert "content-type: application/json" in response["headers"]
    assert json.loads(response["body"])["body"] == {"a": 3}
    revealed = inspected(cloud, task, "TRACE", revealSecrets=True)["request"]
    assert revealed["url"] == f"{endpoint}?own=2&theirs=hidden"
    assert f"X-Key: {KEY}" in revealed["headers"]


def test_other_levels_show_neither(cloud, task):
    assert not {"request", "response"} & inspected(cloud, task, "DEBUG").keys()
