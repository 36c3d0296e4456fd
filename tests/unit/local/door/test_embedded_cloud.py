"""The door of a real cloud: pages and requests without a key stay out, and each caller is known."""

import http.client
import io
import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
import zipfile

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from shared.aws.access_key import AccessKey
from shared.aws.client import connect_endpoint
from shared.cli.environment import variables
from shared.config.lane import Place
from shared.local.cloud import EmbeddedCloud
from shared.local.door.sessions import Issuer

ACCOUNT, REGION = "123456789012", "us-east-1"
PLACE = Place(ACCOUNT, REGION, "test")
STS, IAM = f"arn:aws:sts::{ACCOUNT}", f"arn:aws:iam::{ACCOUNT}"
EVIL = "https://evil.example"
NOBODY = 65534


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    with EmbeddedCloud(PLACE, tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def aws(cloud):
    return connect_endpoint(PLACE, cloud.endpoint, cloud.key)


@pytest.fixture(scope="module")
def bucket(aws):
    aws.s3.create_bucket(Bucket="some-bucket")
    aws.s3.put_object(Bucket="some-bucket", Key="a b/ü+%2F", Body=b"hello")
    return "some-bucket"


@pytest.fixture(scope="module")
def role(aws):
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    trust["Principal"] = {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"], "AWS": ACCOUNT}
    policy = {"Version": "2012-10-17", "Statement": [trust]}
    made = aws.iam.create_role(RoleName="worker", Path="/lanes/", AssumeRolePolicyDocument=json.dumps(policy))
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy["Statement"] = [everything]
    aws.iam.put_role_policy(RoleName="worker", PolicyName="all", PolicyDocument=json.dumps(policy))
    return made["Role"]["Arn"]


def ask(cloud, method="POST", path="/", body=b"", **headers):
    """Send a request that no client sends, and return its answer."""
    connection = http.client.HTTPConnection(cloud.endpoint.removeprefix("http://"), timeout=30)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read()
    finally:
        connection.close()


def forged(service):
    scope = f"Credential=x/20260101/us-east-1/{service}/aws4_request"
    return f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"


PAGES = [{"Origin": EVIL}, {"Sec_Fetch_Site": "same-site"}, {"Referer": f"{EVIL}/"}, {"Host": "evil.example:4599"}, {}]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("service", "body", "target"),
    [
        ("iam", {"Action": "CreateUser", "Version": "2010-05-08", "UserName": "evil"}, ""),
        ("cloudformation", {"Action": "CreateStack", "Version": "2010-05-15", "StackName": "evil"}, ""),
        ("states", {}, "AWSStepFunctions.ListStateMachines"),
        ("secretsmanager", {}, "secretsmanager.ListSecrets"),
    ],
)
def test_what_a_page_forges_is_refused_at_the_first_request(cloud, page, service, body, target):
    kind = "application/x-amz-json-1.0" if target else "application/x-www-form-urlencoded"
    told = {"authorization": forged(service), "content_type": kind, "x_amz_target": target, **page}
    status, answer, _ = ask(cloud, body=urllib.parse.urlencode(body).encode(), **told)
    assert status == 403
    assert not [name for name in answer if name.lower().startswith("access-control")]


def test_of_all_that_nothing_was_done(aws):
    assert aws.iam.list_users()["Users"] == []
    assert aws.client("cloudformation").list_stacks()["StackSummaries"] == []


def test_a_preflight_is_answered_by_nothing_that_lets_it_go_on(cloud):
    asked = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "authorization"}
    for page in ({"Origin": EVIL}, {}):
        status, answer, _ = ask(cloud, "OPTIONS", **asked, **page)
        assert status == 403
        assert not [name for name in answer if name.lower().startswith("access-control")]


@pytest.mark.parametrize("path", ["/moto-api/reset", "/moto-api/", "/moto-api/data.json", "/%6Doto-api/reset"])
def test_motos_own_api_is_closed_to_all(cloud, aws, bucket, path):
    for headers in ({"Origin": EVIL}, {}, {"authorization": forged("s3")}):
        assert ask(cloud, "POST", path, b"a=b", **headers)[0] == 403
    assert bucket in [each["Name"] for each in aws.s3.list_buckets()["Buckets"]]


def test_without_a_key_nothing_is_read(cloud, bucket):
    for path in ("/", f"/{bucket}", f"/{bucket}/a%20b/%C3%BC%2B%252F", "/latest/meta-data/iam/", "/v2/_catalog"):
        assert ask(cloud, "GET", path)[0] in {401, 403}  # the registry asks for its password


@pytest.mark.parametrize(
    "request_text",
    [
        "GET http://127.0.0.1:{port}/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil.example\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : evil.example\r\nHost: 127.0.0.1:{port}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nno header\r\nOrigin: https://evil.example\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_a_request_with_two_meanings_has_none(cloud, request_text):
    host, port = cloud.endpoint.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(request_text.format(port=port).encode())
        told = b"".join(iter(lambda: connection.recv(65536), b""))
    assert told.split(b" ")[1] in {b"400", b"403"}
    assert told.count(b"HTTP/1.1 ") <= 1


def test_a_form_of_several_parts_is_told_that_it_has_no_key(cloud, bucket):
    body = b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--x--\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    request = urllib.request.Request(f"{cloud.endpoint}/{bucket}", body, kind, method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    assert refused.value.code == 403
    assert b"form" in refused.value.read()


def client(cloud, service, key, **settings):
    return boto3.session.Session(key.id, key.secret, key.token or None, REGION).client(
        service, endpoint_url=cloud.endpoint, config=Config(retries={"total_max_attempts": 1}, **settings)
    )


@pytest.fixture(params=["owner", "role"])
def key(request, cloud, role):
    return cloud.key if request.param == "owner" else Issuer(cloud.key).of_role(role, "maker")


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_presigned_urls_work_for_whom_the_user_gives_them(cloud, aws, bucket, key, version):
    s3 = client(cloud, "s3", key, signature_version=version)
    place = {"Bucket": bucket, "Key": "a b/ü+%2F"}
    url = s3.generate_presigned_url("get_object", place, ExpiresIn=60)
    assert urllib.request.urlopen(url, timeout=30).read() == b"hello"
    typed = urllib.request.Request(url, headers={"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"})
    assert urllib.request.urlopen(typed, timeout=30).read() == b"hello"
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Referer": "http://127.0.0.1:1/"}):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url.replace("a%20b", "a%20c"), timeout=30)
    put = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": f"put-{version}"}, ExpiresIn=60)
    assert ask(cloud, "PUT", put.removeprefix(cloud.endpoint), b"put")[0] == 200
    assert aws.s3.get_object(Bucket=bucket, Key=f"put-{version}")["Body"].read() == b"put"


def test_a_bucket_may_be_named_in_the_host(cloud, bucket):
    port = cloud.endpoint.rpartition(":")[2]
    key = cloud.key
    session = boto3.session.Session(key.id, key.secret, region_name=REGION)
    s3 = session.client(
        "s3",
        endpoint_url=f"http://s3.localhost:{port}",
        config=Config(s3={"addressing_style": "virtual"}, signature_version="s3v4"),
    )
    url = urllib.parse.urlsplit(s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a b/ü+%2F"}))
    assert url.netloc == f"{bucket}.s3.localhost:{port}"
    status, _, body = ask(cloud, "GET", f"{url.path}?{url.query}", Host=url.netloc)
    assert (status, body) == (200, b"hello")


def test_a_large_object_comes_in_whole_and_one_with_another_digest_not_at_all(cloud, aws, bucket):
    body = os.urandom(1 << 16) * 512  # 32 MB
    aws.s3.upload_fileobj(io.BytesIO(body), bucket, "in-parts")
    aws.s3.put_object(Bucket=bucket, Key="at-once", Body=body)
    for key in ("in-parts", "at-once"):
        assert aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read() == body

    def changed(request, **_):
        request.body = body[:-1] + bytes([body[-1] ^ 1])  # after it was signed

    other = client(cloud, "s3", cloud.key)
    other.meta.events.register("before-send.s3.PutObject", changed)
    with pytest.raises(ClientError, match="XAmzContentSHA256Mismatch"):
        other.put_object(Bucket=bucket, Key="other", Body=body)
    with pytest.raises(ClientError, match="404"):
        aws.s3.head_object(Bucket=bucket, Key="other")


def who(cloud, key):
    told = client(cloud, "sts", key).get_caller_identity()
    return told["Arn"], told["UserId"]


def key_of(given):
    return AccessKey(given["AccessKeyId"], given["SecretAccessKey"], given.get("SessionToken", ""))


def test_sts_tells_every_caller_who_it_is(cloud, aws, role):
    assert who(cloud, cloud.key) == (f"{IAM}:root", ACCOUNT)
    role_id = aws.iam.get_role(RoleName="worker")["Role"]["RoleId"]
    assert who(cloud, Issuer(cloud.key).of_role(role, "me")) == (f"{STS}:assumed-role/worker/me", f"{role_id}:me")

    user_id = aws.iam.create_user(UserName="ann", Path="/people/")["User"]["UserId"]
    given = aws.iam.create_access_key(UserName="ann")["AccessKey"]
    ann = key_of(given)
    of_sts = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}]}
    aws.iam.put_user_policy(UserName="ann", PolicyName="sts", PolicyDocument=json.dumps(of_sts))
    assert who(cloud, ann) == (f"{IAM}:user/people/ann", user_id)
    sts = client(cloud, "sts", ann)
    session = key_of(sts.get_session_token()["Credentials"])
    assert who(cloud, session) == (f"{IAM}:user/people/ann", user_id)
    federated = key_of(sts.get_federation_token(Name="bob")["Credentials"])
    assert who(cloud, federated) == (f"{STS}:federated-user/bob", f"{ACCOUNT}:bob")
    assumed = sts.assume_role(RoleArn=role, RoleSessionName="taken")
    with pytest.raises(ClientError, match="Roles may not be assumed by root accounts"):
        aws.client("sts").assume_role(RoleArn=role, RoleSessionName="taken")
    assert assumed["AssumedRoleUser"]["Arn"] == who(cloud, key_of(assumed["Credentials"]))[0]
    with pytest.raises(ClientError, match=r"AccessDenied.*session credentials"):
        client(cloud, "sts", session).get_session_token()
    with pytest.raises(ClientError, match=r"ValidationError.*exceeds the MaxSessionDuration"):
        sts.assume_role(RoleArn=role, RoleSessionName="taken", DurationSeconds=3601)
    with pytest.raises(ClientError, match=r"ValidationError.*role chaining"):
        client(cloud, "sts", key_of(assumed["Credentials"])).assume_role(
            RoleArn=role, RoleSessionName="again", DurationSeconds=3601
        )

    aws.iam.update_access_key(UserName="ann", AccessKeyId=ann.id, Status="Inactive")
    with pytest.raises(ClientError, match=r"InvalidClientTokenId.*lanes env"):
        who(cloud, ann)
    aws.iam.delete_access_key(UserName="ann", AccessKeyId=ann.id)
    aws.iam.delete_user_policy(UserName="ann", PolicyName="sts")
    aws.iam.delete_user(UserName="ann")


def test_a_session_ends_with_its_user(cloud, aws):
    aws.iam.create_user(UserName="eve")
    eve = key_of(aws.iam.create_access_key(UserName="eve")["AccessKey"])
    session = key_of(client(cloud, "sts", eve).get_session_token()["Credentials"])
    aws.iam.delete_access_key(UserName="eve", AccessKeyId=eve.id)
    assert who(cloud, session)[0] == f"{IAM}:user/eve"  # as on AWS: it does not need its key any more
    aws.iam.delete_user(UserName="eve")
    with pytest.raises(ClientError, match=r"InvalidClientTokenId.*does not exist any more"):
        who(cloud, session)


ASKS = """
import boto3, os
def handler(event, context):
    return [boto3.client("sts").get_caller_identity()["Arn"], os.environ["AWS_LAMBDA_RUNTIME_API"]]
"""


@pytest.fixture(scope="module")
def function(aws, role):
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("app.py", ASKS)
    return aws.lambda_.create_function(
        FunctionName="asks",
        Runtime="python3.11",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": zipped.getvalue()},
        Timeout=30,
    )["FunctionArn"]


def test_a_function_acts_in_its_role(aws, function):
    payload = aws.lambda_.invoke(FunctionName="asks")["Payload"].read()
    assert json.loads(payload)[0] == f"{STS}:assumed-role/worker/asks"


WHO = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity", "End": True}


def test_a_state_machines_tasks_act_in_its_role(aws, role):
    definition = json.dumps({"StartAt": "Who", "States": {"Who": WHO}})
    arn = aws.states.create_state_machine(name="who", definition=definition, roleArn=role, type="EXPRESS")
    told = aws.session.client(
        "stepfunctions", endpoint_url=aws.target.endpoint, config=Config(inject_host_prefix=False)
    ).start_sync_execution(stateMachineArn=arn["stateMachineArn"])
    assert json.loads(told["output"])["Arn"].startswith(f"{STS}:assumed-role/worker/")


def test_what_lanes_env_prints_reaches_test_state_which_acts_in_the_given_role(cloud, role):
    told = variables(cloud.endpoint, REGION, cloud.key, {})
    code = (
        "import boto3, json\n"
        "states = boto3.client('stepfunctions')\n"
        f"told = states.test_state(definition={json.dumps(WHO)!r}, roleArn={role!r}, input='{{}}')\n"
        "print(told['status'], json.loads(told['output'])['Arn'])\n"
        "print(boto3.client('sts').get_caller_identity()['Arn'])\n"
    )
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=keep | told, capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert first.startswith(f"SUCCEEDED {STS}:assumed-role/worker/")
    assert second == f"{IAM}:root"


def test_a_state_that_calls_a_service_needs_a_role(cloud):
    states = client(cloud, "stepfunctions", cloud.key, inject_host_prefix=False)
    with pytest.raises(ClientError, match="RoleArn must be specified"):
        states.test_state(definition=json.dumps(WHO), input="{}")


# What another user of this machine tries: a test process of root becomes the user nobody, and has only its rights.
ATTACK = f"""
import os, socket, sys
host, port = sys.argv[1].split(":")
request = sys.argv[2].replace("|", "\\r\\n").encode()
os.setgroups([]), os.setgid({NOBODY}), os.setuid({NOBODY})
connection = socket.socket()
connection.connect((host, int(port)))
connection.sendall(request)
sys.stdout.write("sent\\n"), sys.stdout.flush()
connection.settimeout(60)
try:
    print(repr(connection.recv(65536)))
except ConnectionResetError:
    print(repr(b""))
"""

as_nobody = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def attack(address, request_text):
    """Let the user nobody send a request; return when it is sent."""
    command = [sys.executable, "-c", ATTACK, address, request_text]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout.readline() == "sent\n", process.communicate()[0]
    return process


@as_nobody
def test_another_user_gets_403_from_the_cloud(cloud):
    address = cloud.endpoint.removeprefix("http://")
    for header in ("", f"authorization: {forged('s3')}|", f"authorization: {forged(cloud.key.id)}|"):
        told, _ = attack(address, f"GET / HTTP/1.1|host: {address}|{header}|").communicate()
        assert "HTTP/1.1 403" in told


@as_nobody
def test_another_user_takes_no_event_of_a_worker_and_answers_none(aws, function):
    address = json.loads(aws.lambda_.invoke(FunctionName="asks")["Payload"].read())[1]
    runtime = "/2018-06-01/runtime"
    tries = [
        attack(address, f"GET {runtime}/invocation/next HTTP/1.1|Host: {address}||"),
        attack(address, f"POST {runtime}/init/error HTTP/1.1|Host: {address}|Content-Length: 2||{{}}"),
    ]
    again = aws.lambda_.invoke(FunctionName="asks")  # from now on somebody listens there
    assert json.loads(again["Payload"].read())[1] == address
    for process in tries:
        assert process.communicate()[0] == "b''\n"  # hung up on


@pytest.mark.parametrize("headers", [f"Host: {{}}\r\nOrigin: {EVIL}", "Host: evil.example", "Accept: */*"])
def test_a_page_takes_no_event_of_a_worker(aws, function, headers):
    address = json.loads(aws.lambda_.invoke(FunctionName="asks")["Payload"].read())[1]
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=30) as page:
        request = f"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n{headers.format(address)}\r\n\r\n"
        page.sendall(request.encode())
        aws.lambda_.invoke(FunctionName="asks")
        assert page.recv(65536).startswith(b"HTTP/1.1 403")
