"""Two registries for the same tests of the protocol, and requests as clients make them."""

import hashlib
from typing import NamedTuple

import pytest
import urllib3

from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.local.cloud import EmbeddedCloud
from shared.packages.images import make
from shared.packages.images.layout import MANIFEST, to_json

PLACE = Place("210987654321", "eu-west-1", "test")
REPOSITORIES = ("wssr/work", "wssr/work/deeper", "other")


class Client(NamedTuple):
    """A registry with a log-in. It has the repositories REPOSITORIES."""

    host: str
    credentials: tuple[str, str]
    pool: urllib3.PoolManager

    def ask(self, method, path, body=None, *, login=True, **headers):
        """Make one request to the registry: below /v2/, or to a Location."""
        own = {name.replace("_", "-"): value for name, value in headers.items()}
        if login:
            own |= urllib3.make_headers(basic_auth=":".join(self.credentials))
        url = path if path.startswith("http") else f"http://{self.host}{path if path[0] == '/' else f'/v2/{path}'}"
        return self.pool.request(method, url, body=body, headers=own)

    def begin(self, repository="wssr/work"):
        begun = self.ask("POST", f"{repository}/blobs/uploads/")
        assert begun.status == 202
        return begun.headers["Location"]

    def finish(self, location, digest, body=None, **headers):
        mark = "&" if "?" in location else "?"
        return self.ask(
            "PUT", f"{location}{mark}digest={digest}", body, Content_Type="application/octet-stream", **headers
        )

    def put_blob(self, content, repository="wssr/work"):
        answer = self.finish(self.begin(repository), digest_of(content), content)
        assert answer.status == 201
        return {"mediaType": "application/octet-stream", "digest": digest_of(content), "size": len(content)}

    def put_image(self, version, content=b"config", repository="wssr/work"):
        """Push an image of two blobs; return the bytes of its manifest, and the answer."""
        parts = [self.put_blob(each, repository) for each in (content, b"layer")]
        body = to_json({"schemaVersion": 2, "mediaType": MANIFEST, "config": parts[0], "layers": parts[1:]})
        path = f"{repository}/manifests/{version or digest_of(body)}"
        return body, self.ask("PUT", path, body, Content_Type=MANIFEST)


def digest_of(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def codes(answer):
    """The codes of an error in the specification's form."""
    return [error["code"] for error in answer.json()["errors"]]


@pytest.fixture
def tools():
    return digest_of, codes


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cloud")


@pytest.fixture(scope="module")
def cloud(folder):
    with EmbeddedCloud(PLACE, folder) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def connection(cloud):
    return connect_endpoint(PLACE, cloud.endpoint, cloud.key)


@pytest.fixture
def aws(connection):
    """The embedded cloud, with repositories that are removed afterwards."""
    ecr = connection.client("ecr")
    for name in REPOSITORIES:
        ecr.create_repository(repositoryName=name)
    yield connection
    for found in ecr.describe_repositories()["repositories"]:
        ecr.delete_repository(repositoryName=found["repositoryName"], force=True)


@pytest.fixture
def embedded(aws):
    with urllib3.PoolManager(retries=False) as pool:
        yield Client(*make.ecr_login(aws), pool)


@pytest.fixture(params=["embedded", "docker-registry"])
def either(request):
    """The embedded cloud's registry, then Debian's."""
    if request.param == "embedded":
        yield request.getfixturevalue("embedded")
        return
    host = request.getfixturevalue("registry")(login=True)
    with urllib3.PoolManager(retries=False) as pool:
        yield Client(host, ("somebody", "secret"), pool)
