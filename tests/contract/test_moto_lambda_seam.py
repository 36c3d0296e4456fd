"""What the Lambda runtime needs of moto. It fails when moto changes what plug.py replaces or reads.

All calls but the signatures go over HTTP with boto3, as everyone's do.
"""

import base64
import contextlib
import hashlib
import inspect
import io
import json
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.awslambda.responses import LambdaResponse
from moto.core.base_backend import BackendDict
from moto.logs.models import LogsBackend
from moto.server import ThreadedMotoServer

from shared.local.capacity import Capacity
from shared.local.lambda_runtime import InvokeRefusedError, LambdaRuntime, install, invoker, sender
from tests.helpers.zips import zipped

REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/r"
SOURCE = """
import os
def handler(event, context):
    if "fail" in event:
        raise ValueError(event["fail"])
    if "Records" in event:
        print("records from", event["Records"][0].get("eventSource") or event["Records"][0]["EventSource"])
    return {"event": event, "pid": os.getpid(), "who": context.client_context and context.client_context.custom,
            "version": context.function_version, "stage": os.environ.get("STAGE")}
"""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    state = tmp_path_factory.mktemp("state")
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=REGION)
    config = Config(retries={"total_max_attempts": 1})
    clients = {}

    def client(service):
        if service not in clients:
            clients[service] = session.client(service, endpoint_url=url, config=config)
        return clients[service]

    with (
        LambdaRuntime(state, lambda: url, carries=Capacity(8, "the test"), retry_delays=(0.0, 0.0)) as runtime,
        install(runtime),
    ):
        document = json.dumps({"Version": "2012-10-17", "Statement": []})
        client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=document)
        yield client, runtime
    for each in clients.values():
        each.close()
    server.stop()
    BackendDict.reset()
    assert list(state.iterdir()) == []


@pytest.fixture
def aws(cloud):
    return cloud[0]


@pytest.fixture
def deploy(aws, request):
    names = []

    def make(source=SOURCE, **settings):
        names.append(f"f{hashlib.sha256((request.node.name + str(len(names))).encode()).hexdigest()[:8]}")
        settings = {"Runtime": "python3.11", "Timeout": 10, "Handler": "app.handler", **settings}
        aws("lambda").create_function(FunctionName=names[-1], Role=ROLE, Code={"ZipFile": zipped(source)}, **settings)
        return names[-1]

    yield make
    for name in names:
        aws("lambda").delete_function(FunctionName=name)


def invoke(aws, name, event, **settings):
    return aws("lambda").invoke(FunctionName=name, Payload=json.dumps(event), **settings)


def messages(aws, name):
    events = aws("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    return [event["message"] for event in events]


def wait_for_message(aws, name, text):
    """Wait until the message is there: events run later, in threads of their own."""
    pause = threading.Event()
    for _ in range(200):
        with contextlib.suppress(ClientError):  # no group before the first line
            if any(text in message for message in messages(aws, name)):
                return True
        pause.wait(0.02)
    return False


def test_the_methods_we_replace_have_the_signatures_we_know():
    def names(method):
        return list(inspect.signature(inspect.unwrap(method)).parameters)

    assert names(LambdaFunction.invoke) == ["self", "body", "request_headers", "response_headers"]
    assert names(LambdaBackend.invoke) == [
        "self", "function_name", "qualifier", "body", "headers", "response_headers",
    ]  # fmt: skip
    assert names(LambdaResponse.invoke) == ["self"]
    assert names(LambdaResponse.invoke_async) == ["self"]
    assert names(LambdaBackend.update_function_code)[:2] == ["self", "function_name"]
    assert names(LambdaBackend.update_function_configuration)[:2] == ["self", "function_name"]
    assert names(LambdaBackend.delete_function)[:2] == ["self", "function_name"]
    assert names(LambdaBackend.get_function) == ["self", "function_name_or_arn", "qualifier"]
    assert names(LambdaBackend.layers_versions_by_arn) == ["self", "layer_version_arn"]
    assert names(LogsBackend.put_log_events) == ["self", "log_group_name", "log_stream_name", "log_events"]


def test_uninstalling_puts_moto_back(tmp_path):
    owners = (LambdaFunction, LambdaBackend, LambdaResponse)
    kept = {owner: dict(owner.__dict__) for owner in owners}
    with LambdaRuntime(tmp_path, lambda: "") as runtime, install(runtime):
        assert LambdaFunction.__dict__["invoke"] is not kept[LambdaFunction]["invoke"]
    assert {owner: dict(owner.__dict__) for owner in owners} == kept


def test_invoke_answers_with_everything_a_client_may_ask_for(aws, deploy):
    name = deploy(Environment={"Variables": {"STAGE": "dev"}})
    context = base64.b64encode(b'{"custom": {"k": "v"}}').decode()
    response = invoke(aws, name, {"n": 1}, LogType="Tail", ClientContext=context)
    answer = json.load(response["Payload"])
    assert (answer["event"], answer["stage"], answer["who"]) == ({"n": 1}, "dev", {"k": "v"})
    assert (response["StatusCode"], response["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in response
    tail = base64.b64decode(response["LogResult"]).decode()
    assert tail.startswith("START RequestId: " + response["ResponseMetadata"]["RequestId"])
    assert "LogResult" not in invoke(aws, name, {})
    assert [message.split(" ")[0] for message in messages(aws, name)] == [
        "INIT_START", "START", "END", "REPORT", "START", "END", "REPORT",
    ]  # fmt: skip


def test_a_failure_is_flagged_unhandled(aws, deploy):
    response = invoke(aws, deploy(), {"fail": "no data"})
    assert (response["StatusCode"], response["FunctionError"]) == (200, "Unhandled")
    error = json.load(response["Payload"])
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no data")


def test_by_arn_and_by_version(aws, deploy):
    name = deploy()
    version = aws("lambda").publish_version(FunctionName=name)["Version"]
    arn = aws("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    assert json.load(invoke(aws, arn, {})["Payload"])["version"] == "$LATEST"
    response = invoke(aws, name, {}, Qualifier=version)
    assert (json.load(response["Payload"])["version"], response["ExecutedVersion"]) == (version, version)


def test_dry_run_starts_nothing(aws, cloud, deploy):
    name = deploy()
    before = cloud[1].processes
    assert invoke(aws, name, {}, InvocationType="DryRun")["StatusCode"] == 204
    assert cloud[1].processes == before


def test_an_event_is_answered_at_once_and_runs_later(aws, deploy):
    name = deploy()
    response = invoke(aws, name, {}, InvocationType="Event")
    assert (response["StatusCode"], response["Payload"].read()) == (202, b"")
    assert wait_for_message(aws, name, f"END RequestId: {response['ResponseMetadata']['RequestId']}")


def test_the_number_of_retries_is_the_functions(aws, deploy):
    name = deploy()
    aws("lambda").put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    request_id = invoke(aws, name, {"fail": "x"}, InvocationType="Event")["ResponseMetadata"]["RequestId"]
    assert wait_for_message(aws, name, f"END RequestId: {request_id}")
    last = invoke(aws, name, {}, InvocationType="Event")["ResponseMetadata"]["RequestId"]
    assert wait_for_message(aws, name, f"END RequestId: {last}")
    assert sum(message.startswith(f"START RequestId: {request_id}") for message in messages(aws, name)) == 1


CHANGES_ITSELF = """
import boto3, io, zipfile
def handler(event, context):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): print('the code that is there')")
    boto3.client("lambda").update_function_code(FunctionName=context.function_name, ZipFile=buffer.getvalue())
    raise ValueError("once more")
"""


def test_a_retry_runs_the_code_that_is_there_by_then(aws, deploy):
    name = deploy(CHANGES_ITSELF, MemorySize=256)
    request_id = invoke(aws, name, {}, InvocationType="Event")["ResponseMetadata"]["RequestId"]
    assert wait_for_message(aws, name, "the code that is there")
    assert sum(message.startswith(f"START RequestId: {request_id}") for message in messages(aws, name)) == 2


@pytest.mark.parametrize(
    ("settings", "payload", "code", "status"),
    [
        ({}, b"{nonsense", "InvalidRequestContentException", 400),
        ({}, b'"' + b"x" * (6 << 20) + b'"', "RequestEntityTooLargeException", 413),
        ({"InvocationType": "Event"}, b'"' + b"x" * (1 << 20) + b'"', "RequestEntityTooLargeException", 413),
    ],
)
def test_bad_payloads_are_refused(aws, deploy, settings, payload, code, status):
    with pytest.raises(ClientError) as refused:
        aws("lambda").invoke(FunctionName=deploy(), Payload=payload, **settings)
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_large_answer_passes(aws, deploy):
    name = deploy("def handler(event, context): return 'x' * 6_200_000\n")
    assert len(invoke(aws, name, {})["Payload"].read()) == 6_200_002


def test_throttling_says_why(aws, deploy):
    name = deploy()
    aws("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError, match="TooManyRequestsException") as refused:
        invoke(aws, name, {})
    assert refused.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429


def test_an_unknown_function_is_not_found(aws):
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        invoke(aws, "nobody", {})


def test_changes_retire_the_workers(aws, cloud, deploy):
    name = deploy()
    pids = [json.load(invoke(aws, name, {})["Payload"])["pid"]]
    aws("lambda").update_function_configuration(FunctionName=name, Environment={"Variables": {"STAGE": "new"}})
    answer = json.load(invoke(aws, name, {})["Payload"])
    assert answer["stage"] == "new"
    pids.append(answer["pid"])
    aws("lambda").update_function_code(FunctionName=name, ZipFile=zipped(SOURCE + "\n# changed\n"))
    pids.append(json.load(invoke(aws, name, {})["Payload"])["pid"])
    assert len(set(pids)) == 3
    before = cloud[1].processes
    aws("lambda").update_function_configuration(FunctionName=name, Timeout=9)
    assert cloud[1].processes == before - 1


def test_a_deleted_function_burns_no_core(aws, cloud):
    source = "def handler(event, context):\n    print('begun', flush=True)\n    while True: pass\n"
    settings = {"Runtime": "python3.11", "Timeout": 60, "Handler": "app.handler", "Code": {"ZipFile": zipped(source)}}
    aws("lambda").create_function(FunctionName="loops", Role=ROLE, **settings)
    before = cloud[1].processes
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(invoke, aws, "loops", {})
        assert wait_for_message(aws, "loops", "begun")
        assert cloud[1].processes > before
        aws("lambda").delete_function(FunctionName="loops")
        assert running.result(timeout=20)["FunctionError"] == "Unhandled"
    assert cloud[1].processes == before


def test_a_layer_is_there(aws, deploy):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("python/from_layer.py", "value = 42")
    layer = aws("lambda").publish_layer_version(LayerName="l", Content={"ZipFile": buffer.getvalue()})
    source = "import from_layer\ndef handler(event, context): return from_layer.value\n"
    name = deploy(source, Layers=[layer["LayerVersionArn"]])
    assert json.load(invoke(aws, name, {})["Payload"]) == 42


def test_the_log_group_is_the_functions_own(aws, deploy):
    name = deploy(LoggingConfig={"LogGroup": "/team2/lambda"})
    assert aws("lambda").get_function_configuration(FunctionName=name)["LoggingConfig"]["LogGroup"] == "/team2/lambda"
    invoke(aws, name, {})
    assert aws("logs").describe_log_streams(logGroupName="/team2/lambda")["logStreams"]
    aws("lambda").update_function_configuration(FunctionName=name, LoggingConfig={"LogGroup": "/team2/other"})
    invoke(aws, name, {})
    assert aws("logs").describe_log_streams(logGroupName="/team2/other")["logStreams"]


def test_callers_in_this_process_need_no_http(aws, cloud, deploy):
    call = invoker(cloud[1], "123456789012", REGION)
    name = deploy()
    arn = aws("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    pids = {json.loads(call(which, b"{}").payload)["pid"] for which in (name, arn, f"{arn}:$LATEST")}
    assert len(pids) == 1
    with pytest.raises(InvokeRefusedError, match=r"Function not found: .*:function:nobody") as refused:
        call("nobody", b"{}")
    assert (refused.value.code, refused.value.status) == ("ResourceNotFoundException", 404)


def test_callers_in_this_process_hand_on_a_context_and_send_events_that_nobody_waits_for(aws, cloud, deploy):
    name = deploy()
    context = json.dumps({"custom": {"a": "b"}})
    answer = invoker(cloud[1], "123456789012", REGION)(name, b"{}", context)
    assert json.loads(answer.payload)["who"] == {"a": "b"}
    send = sender(cloud[1], "123456789012", REGION)
    assert len(send(name, b"{}")) == 36
    with pytest.raises(InvokeRefusedError, match=r"Function not found: .*:function:nobody"):
        send("nobody", b"{}")


def test_s3_events_reach_the_function(aws, deploy):
    name = deploy()
    arn = aws("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    aws("s3").create_bucket(Bucket="bucket")
    aws("s3").put_bucket_notification_configuration(
        Bucket="bucket",
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    aws("s3").put_object(Bucket="bucket", Key="k", Body=b"x")
    assert wait_for_message(aws, name, "records from aws:s3")


def test_queue_messages_reach_the_function(aws, deploy):
    name = deploy()
    queue = aws("sqs").create_queue(QueueName="q")["QueueUrl"]
    arn = aws("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    aws("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName=name)
    aws("sqs").send_message(QueueUrl=queue, MessageBody="hello")
    assert wait_for_message(aws, name, "records from aws:sqs")


def test_a_handler_reaches_the_embedded_cloud(aws, deploy):
    source = "import boto3\ndef handler(event, context): return boto3.client('sts').get_caller_identity()['Account']\n"
    assert json.load(invoke(aws, deploy(source, MemorySize=256), {})["Payload"]) == "123456789012"


def test_what_cannot_run_here_says_so(aws, deploy):
    name = deploy(Runtime="nodejs20.x")
    with pytest.raises(ClientError, match=r"is nodejs20\.x: the embedded cloud runs zip packages of Python only"):
        invoke(aws, name, {})
