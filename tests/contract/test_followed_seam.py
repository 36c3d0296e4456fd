"""moto does the call that was read. A request that it would read as another call is held to it, or refused."""

import contextlib
import http.client
import io
import json
from urllib.parse import urlsplit

import boto3
import pytest
from moto.core.base_backend import BackendDict

from shared.local.calls.call import CALL
from shared.local.calls.followed import calls_followed
from shared.local.calls.read import read_call
from shared.local.calls.request import Request
from shared.local.server import MotoServer

REGION, OTHER = "us-east-1", "eu-west-1"
TABLES = ["mine", "theirs"]


def reading(moto):
    """Read each request and put the call into its environ, as enforcement does; decide nothing."""

    def app(environ, start):
        credential = environ["HTTP_AUTHORIZATION"].partition("Credential=")[2].partition(",")[0]
        _, _, region, service, _ = credential.split("/")
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        headers = {key[5:].lower().replace("_", "-"): text for key, text in environ.items() if key.startswith("HTTP_")}
        headers["content-type"] = environ.get("CONTENT_TYPE", "")
        path, _, query = environ["RAW_URI"].partition("?")
        environ[CALL] = read_call(service, region, Request(environ["REQUEST_METHOD"], path, query, headers, body))
        return moto(environ, start)

    return app


def client(server, region, service="dynamodb"):
    keys = {"aws_access_key_id": "k", "aws_secret_access_key": "s"}
    return boto3.client(service, endpoint_url=server.endpoint, region_name=region, **keys)


@pytest.fixture(params=[True, False], ids=["followed", "as moto is"])
def cloud(request):
    """A server of moto with two tables in each of two regions, and whether it is held to what is read."""
    BackendDict.reset()  # other tests of this process have made tables too
    held = calls_followed() if request.param else contextlib.nullcontext()
    with held, MotoServer(wrap=reading) as server:
        server.start()
        for region in (REGION, OTHER):
            for name in TABLES:
                client(server, region).create_table(
                    TableName=name,
                    KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                    BillingMode="PAY_PER_REQUEST",
                )
        yield server, request.param
    BackendDict.reset()


def send(server, operation, body, **headers):
    """Send a request that no client of boto3 sends."""
    host = urlsplit(server.endpoint)
    connection = http.client.HTTPConnection(host.hostname, host.port)
    scope = f"k/20261129/{REGION}/dynamodb/aws4_request"
    told = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "X-Amz-Target": f"DynamoDB_20120810.{operation}",
        "Content-Type": "application/x-amz-json-1.0",
    }
    connection.request("POST", "/", body, {**told, **headers})
    connection.getresponse().read()
    connection.close()


def test_a_body_that_looks_like_a_query_does_not_change_the_operation(cloud):
    server, followed = cloud
    send(server, "DescribeTable", json.dumps({"TableName": "mine", "x": "&Action=DeleteTable&"}))
    assert (client(server, REGION).list_tables()["TableNames"] == TABLES) is followed


def test_a_region_in_a_user_agent_is_not_the_region(cloud):
    server, followed = cloud
    send(server, "DeleteTable", json.dumps({"TableName": "theirs"}), **{"User-Agent": f"x region/{OTHER}"})
    assert (client(server, OTHER).list_tables()["TableNames"] == TABLES) is followed


def test_what_a_client_sends_is_done_all_the_same(cloud):
    server, _ = cloud
    s3 = client(server, REGION, "s3")
    s3.create_bucket(Bucket="lake")
    s3.put_object(Bucket="lake", Key="a b/ü", Body=b"x")
    assert s3.get_object(Bucket="lake", Key="a b/ü")["Body"].read() == b"x"
    assert [each["Key"] for each in s3.list_objects_v2(Bucket="lake", Prefix="a")["Contents"]] == ["a b/ü"]
    iam = client(server, REGION, "iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}', Path="/x/")
    assert iam.get_role(RoleName="r")["Role"]["Path"] == "/x/"


def test_a_value_that_looks_like_a_parameter_is_none(cloud):
    server, followed = cloud
    secrets = client(server, REGION, "secretsmanager")
    secrets.create_secret(Name="s", SecretString="password=1&Name=t")
    assert ([each["Name"] for each in secrets.list_secrets()["SecretList"]] == ["s"]) is followed
