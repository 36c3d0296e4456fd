"""The registry as ECR: its repositories, its tokens, and what boto3 sees of a push."""

import http.client
import json
import socket
import tracemalloc

import pytest
import urllib3
from botocore.exceptions import ClientError

from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.local.door.sessions import Issuer
from shared.packages.images import make
from shared.packages.images.layout import MANIFEST


def files(folder):
    """All blobs and uploads that the cloud keeps."""
    return [path for path in folder.glob("scratch/cloud-*/registry/**/*") if path.is_file()]


def test_a_token_leads_to_the_registry(aws, cloud):
    (told,) = aws.client("ecr").get_authorization_token()["authorizationData"]
    assert told["proxyEndpoint"] == cloud.endpoint
    host, (user, password) = make.ecr_login(aws)
    assert (f"http://{host}", user) == (cloud.endpoint, "AWS")
    assert make.ecr_login(aws)[1][1] == password


def test_a_repository_that_nobody_made_is_not_known(embedded, tools):
    for method, path in (("POST", "none/blobs/uploads/"), ("GET", "none/manifests/v1"), ("GET", "none/tags/list")):
        answer = embedded.ask(method, path)
        assert (answer.status, tools[1](answer)) == (404, ["NAME_UNKNOWN"])
        assert "The repository with name 'none' does not exist" in answer.json()["errors"][0]["message"]


def test_a_password_is_for_one_region(aws, cloud, embedded, tools):
    there = connect_endpoint(Place(aws.place.account, "us-east-2", "test"), cloud.endpoint, cloud.key)
    embedded.put_image("v1")
    with urllib3.PoolManager(retries=False) as pool:
        other = embedded._replace(credentials=make.ecr_login(there)[1], pool=pool)
        assert tools[1](other.ask("GET", "wssr/work/manifests/v1")) == ["NAME_UNKNOWN"]


@pytest.fixture
def pushes_to_other(aws, cloud, embedded):
    """A client with the password of a role that may use only the repository "other"."""
    account = {"AWS": aws.place.account}
    trust = {"Effect": "Allow", "Principal": account, "Action": "sts:AssumeRole"}
    own = {"Effect": "Allow", "Action": "ecr:*", "Resource": aws.place.arn("ecr", "repository/other")}
    login = {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}
    documents = [json.dumps({"Version": "2012-10-17", "Statement": each}) for each in (trust, [own, login])]
    role = aws.iam.create_role(RoleName="pusher", AssumeRolePolicyDocument=documents[0])["Role"]["Arn"]
    aws.iam.put_role_policy(RoleName="pusher", PolicyName="own", PolicyDocument=documents[1])
    pusher = connect_endpoint(aws.place, cloud.endpoint, Issuer(cloud.key).of_role(role, "test"))
    with urllib3.PoolManager(retries=False) as pool:
        yield embedded._replace(credentials=make.ecr_login(pusher)[1], pool=pool)
    aws.iam.delete_role_policy(RoleName="pusher", PolicyName="own")
    aws.iam.delete_role(RoleName="pusher")


def test_a_password_does_what_its_holder_may(embedded, pushes_to_other, tools):
    theirs = embedded.put_blob(b"their layer")
    assert pushes_to_other.put_image("v1", repository="other")[1].status == 201
    for method, path in (
        ("GET", f"wssr/work/blobs/{theirs['digest']}"),
        ("GET", "wssr/work/manifests/v1"),
        ("GET", "wssr/work/tags/list"),
        ("POST", "wssr/work/blobs/uploads/"),
        ("PUT", "wssr/work/manifests/v1"),
    ):
        answer = pushes_to_other.ask(method, path)
        assert (answer.status, tools[1](answer)) == (403, ["DENIED"])
        assert "assumed-role/pusher/test is not authorized to perform: ecr:" in answer.json()["errors"][0]["message"]
    mounted = pushes_to_other.ask("POST", f"other/blobs/uploads/?mount={theirs['digest']}&from=wssr/work")
    assert mounted.status == 202  # an upload begins: nothing was mounted
    assert pushes_to_other.ask("GET", f"other/blobs/{theirs['digest']}").status == 404


@pytest.mark.parametrize("login", ["AWS:wrong", "aws:{}", "AWS:", "AWS:pässwort", "{}"])
def test_nobody_else_gets_in(embedded, tools, login):
    header = urllib3.make_headers(basic_auth=login.format(embedded.credentials[1]).encode().decode("latin-1"))
    answer = embedded.ask("GET", "/v2/", login=False, **header)
    assert (answer.status, tools[1](answer)) == (401, ["UNAUTHORIZED"])


def test_boto3_sees_what_was_pushed(aws, embedded, tools):
    ecr = aws.client("ecr")
    body, _ = embedded.put_image("v1")
    embedded.put_image("v2")
    (seen,) = ecr.describe_images(repositoryName="wssr/work")["imageDetails"]
    assert (seen["imageDigest"], seen["imageTags"]) == (tools[0](body), ["v1", "v2"])
    assert (seen["imageManifestMediaType"], seen["imageSizeInBytes"]) == (MANIFEST, len(b"config") + len(b"layer"))
    (image,) = ecr.batch_get_image(repositoryName="wssr/work", imageIds=[{"imageTag": "v2"}])["images"]
    assert (image["imageManifest"], image["imageId"]["imageDigest"]) == (body.decode(), tools[0](body))


def test_an_image_whose_tag_moved_stays_without_one(aws, embedded, tools):
    first, _ = embedded.put_image("v1", b"first")
    second, _ = embedded.put_image("v1", b"second")
    seen = aws.client("ecr").describe_images(repositoryName="wssr/work")["imageDetails"]
    assert [(each["imageDigest"], each.get("imageTags")) for each in seen] == [
        (tools[0](first), None),
        (tools[0](second), ["v1"]),
    ]


def test_an_image_that_boto3_deletes_is_gone(aws, embedded, tools):
    embedded.put_image("v1")
    aws.client("ecr").batch_delete_image(repositoryName="wssr/work", imageIds=[{"imageTag": "v1"}])
    assert tools[1](embedded.ask("GET", "wssr/work/manifests/v1")) == ["MANIFEST_UNKNOWN"]


def test_an_immutable_tag_stays_where_it_is(aws, embedded, tools):
    ecr = aws.client("ecr")
    ecr.put_image_tag_mutability(repositoryName="wssr/work", imageTagMutability="IMMUTABLE")
    first, made = embedded.put_image("v1", b"first")
    assert made.status == 201
    for content in (b"second", b"first"):  # ECR refuses the same image too
        _, refused = embedded.put_image("v1", content)
        assert (refused.status, tools[1](refused)) == (400, ["TAG_INVALID"])
        assert "cannot be overwritten because the repository is immutable" in refused.data.decode()
    assert embedded.ask("GET", "wssr/work/manifests/v1").data == first


def test_a_repository_goes_with_all_it_holds(aws, embedded, tools, folder):
    embedded.put_image("v1")
    embedded.begin()
    assert len(files(folder)) == 3
    with pytest.raises(ClientError, match="RepositoryNotEmptyException"):
        aws.client("ecr").delete_repository(repositoryName="wssr/work")
    assert len(files(folder)) == 3
    aws.client("ecr").delete_repository(repositoryName="wssr/work", force=True)
    assert files(folder) == []
    assert tools[1](embedded.ask("GET", "wssr/work/manifests/v1")) == ["NAME_UNKNOWN"]
    aws.client("ecr").create_repository(repositoryName="wssr/work")
    assert tools[1](embedded.ask("GET", "wssr/work/manifests/v1")) == ["MANIFEST_UNKNOWN"]


def test_a_piece_that_does_not_follow_is_refused(embedded, tools):
    location = embedded.begin()
    assert embedded.ask("PATCH", location, b"12345").headers["Range"] == "0-4"
    for told in ("4-5", "6-7"):
        answer = embedded.ask("PATCH", location, b"67", Content_Range=told)
        assert (answer.status, answer.headers["Range"], tools[1](answer)) == (416, "0-4", ["BLOB_UPLOAD_INVALID"])
    assert embedded.ask("PATCH", location, b"67", Content_Range="nonsense").status == 400
    assert embedded.finish(location, tools[0](b"1234567"), b"67", Content_Range="5-6").status == 201


@pytest.mark.parametrize("name", ["..", ".", "%2e%2e", "x", "0" * 31, "0" * 32])
def test_the_name_of_an_upload_never_leads_elsewhere(embedded, folder, name):
    embedded.put_image("v1")
    before = files(folder)
    client = http.client.HTTPConnection(embedded.host)  # urllib3 would tidy the path
    for method in ("GET", "PATCH", "DELETE"):
        headers = urllib3.make_headers(basic_auth=":".join(embedded.credentials))
        client.request(method, f"/v2/wssr/work/blobs/uploads/{name}", headers=headers)
        answer = client.getresponse()
        assert (answer.status, b"BLOB_UPLOAD_UNKNOWN" in answer.read()) == (404, True)
        client.close()
    assert files(folder) == before


def test_a_client_that_tries_tls_is_turned_away_without_a_word(embedded, capfd):
    with urllib3.PoolManager(retries=False) as pool, pytest.raises(urllib3.exceptions.SSLError):
        pool.request("GET", f"https://{embedded.host}/v2/")
    assert capfd.readouterr() == ("", "")


def test_an_upload_goes_on_where_its_client_hung_up(embedded, tools):
    location = embedded.begin()
    host, _, port = embedded.host.partition(":")
    login = urllib3.make_headers(basic_auth=":".join(embedded.credentials))["authorization"]
    with socket.create_connection((host, int(port))) as line:
        line.sendall(
            f"PATCH {location} HTTP/1.1\r\nHost: {embedded.host}\r\nAuthorization: {login}\r\n"
            "Content-Length: 1000\r\n\r\n12345".encode()
        )
        line.shutdown(socket.SHUT_WR)
        line.recv(1000)
    assert embedded.ask("GET", location).headers["Range"] == "0-4"
    assert embedded.finish(location, tools[0](b"1234567"), b"67").status == 201


def test_a_blob_in_one_request(embedded, tools):
    answer = embedded.ask("POST", f"wssr/work/blobs/uploads/?digest={tools[0](b'all')}", b"all")
    assert (answer.status, answer.headers["Docker-Content-Digest"]) == (201, tools[0](b"all"))
    assert embedded.ask("GET", answer.headers["Location"]).data == b"all"


def test_a_manifest_may_not_be_endless(embedded, tools):
    answer = embedded.ask("PUT", "wssr/work/manifests/v1", b" " * (4 << 20) + b"{}", Content_Type=MANIFEST)
    assert (answer.status, tools[1](answer)) == (413, ["SIZE_INVALID"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", "wssr/work/manifests/v1", 405),
        ("GET", "wssr/work/referrers/x", 404),
        ("PUT", "wssr/work/manifests/-v1", 400),
        ("GET", "wssr/work/blobs/sha256:x", 400),
    ],
)
def test_what_is_not_in_its_power_is_said_in_the_same_form(embedded, tools, method, path, status):
    answer = embedded.ask(method, path, b"{}" if method == "PUT" else None, Content_Type=MANIFEST)
    assert (answer.status, len(tools[1](answer))) == (status, 1)


def test_no_blob_is_held_in_memory(embedded, tools):
    piece = bytes(1 << 20)
    tracemalloc.start()
    try:
        answer = embedded.ask("PATCH", embedded.begin(), (piece for _ in range(32)))
        location = answer.headers["Location"]
        assert answer.headers["Range"] == f"0-{(32 << 20) - 1}"
        made = embedded.finish(location, tools[0](piece * 32))
        tracemalloc.reset_peak()
        got = embedded.pool.request(
            "GET",
            f"http://{embedded.host}{made.headers['Location']}",
            headers=urllib3.make_headers(basic_auth=":".join(embedded.credentials)),
            preload_content=False,
        )
        assert sum(len(chunk) for chunk in got.stream(1 << 20)) == 32 << 20
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_apis_of_aws_under_the_same_path_stay_what_they_are(aws):
    api = aws.client("apigatewayv2").create_api(Name="some", ProtocolType="HTTP")
    assert [each["ApiId"] for each in aws.client("apigatewayv2").get_apis()["Items"]] == [api["ApiId"]]
