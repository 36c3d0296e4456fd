"""A real registry: images go there and come back the same."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3

from shared.errors import UsageError
from shared.packages.images.build import assemble, package_layers
from shared.packages.images.layout import Layout, to_json
from shared.packages.images.reference import Reference
from shared.packages.images.registry import Registry, RegistryError


@pytest.fixture
def image(base, package, tmp_path):
    layout = Layout(tmp_path / "image")
    assemble(base, package_layers(package, libraries=True), "work.handler", layout)
    return layout


def test_what_was_pushed_is_pulled_the_same(registry, image, tmp_path):
    host = registry()
    digest = Registry(Reference(host, "wssr/work-0badcafe", "latest")).push(image)
    assert digest == image.image().digest
    for version in ("latest", digest):
        back = Layout(tmp_path / version.replace(":", "-"))
        assert Registry(Reference(host, "wssr/work-0badcafe", version)).pull(back) == image.image()
        assert back.parts() == image.parts()
        assert all(back.read(blob) == image.read(blob) for blob in (image.parts()[0], *image.parts()[1]))


def test_several_may_fetch_into_one_layout_at_once(registry, image, tmp_path):
    reference = Reference(registry(), "wssr/work-0badcafe", "v1")
    digest = Registry(reference).push(image)
    back = Layout(tmp_path / "back")
    with ThreadPoolExecutor(8) as pool:
        fetched = list(pool.map(lambda _: Registry(reference).pull(back).digest, range(8)))
    assert fetched == [digest] * 8
    assert all(back.read(blob) == image.read(blob) for blob in image.parts()[1])
    assert {path.suffix for path in back.folder.rglob("*") if path.is_file()} == {"", ".json"}


def test_pushing_again_sends_nothing_new_and_is_well(registry, image):
    reference = Reference(registry(), "wssr/work-0badcafe", "v1")
    assert Registry(reference).push(image) == Registry(reference).push(image)


def test_a_registry_with_a_password_wants_it(registry, image, tmp_path):
    reference = Reference(registry(login=True), "wssr/work-0badcafe", "v1")
    with pytest.raises(RegistryError, match=r"(?s)UNAUTHORIZED.*LANES_REGISTRY_PASSWORD"):
        Registry(reference).push(image)
    with pytest.raises(RegistryError, match="UNAUTHORIZED"):
        Registry(reference, ("somebody", "wrong")).push(image)
    digest = Registry(reference, ("somebody", "secret")).push(image)
    assert Registry(reference, ("somebody", "secret")).pull(Layout(tmp_path / "back")).digest == digest


def test_an_image_that_is_not_there(registry, tmp_path):
    with pytest.raises(RegistryError, match="there is no such image: MANIFEST_UNKNOWN"):
        Registry(Reference(registry(), "no/such", "v1")).pull(Layout(tmp_path / "back"))


def test_a_registry_that_nobody_runs(image):
    with pytest.raises(RegistryError, match="cannot be reached"):
        Registry(Reference("127.0.0.1:9", "wssr/work", "v1")).push(image)


def test_of_an_index_the_platform_of_our_functions_is_taken(registry, image, tmp_path):
    host = registry()
    Registry(Reference(host, "wssr/work", "v1")).push(image)
    manifest = image.image()
    for name, platforms in {"both": ("arm64", "amd64"), "neither": ("arm64",)}.items():
        entries = [{**manifest.json(), "platform": {"os": "linux", "architecture": each}} for each in platforms]
        index = to_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})
        put_manifest(host, name, index)
    assert Registry(Reference(host, "wssr/work", "both")).pull(Layout(tmp_path / "back")) == manifest
    with pytest.raises(RegistryError, match="not for Linux on x86_64"):
        Registry(Reference(host, "wssr/work", "neither")).pull(Layout(tmp_path / "none"))


INDEX = "application/vnd.oci.image.index.v1+json"


def put_manifest(host, tag, body):
    url = f"http://{host}/v2/wssr/work/manifests/{tag}"
    answer = urllib3.PoolManager().request("PUT", url, body=body, headers={"Content-Type": INDEX})
    assert answer.status == 201, json.loads(answer.data)


class TokenHandler(BaseHTTPRequestHandler):
    """A registry that sends its clients to a token service, which knows somebody's password."""

    def do_GET(self):
        if self.path.startswith("/token?"):
            right = self.headers.get("Authorization") == "Basic c29tZWJvZHk6c2VjcmV0"
            asked = parse_qs(urlsplit(self.path).query)
            scope = asked == {"service": ["here"], "scope": ["repository:wssr/work:pull"]}
            self.answer(200 if right and scope else 401, b'{"token": "t0ken"}')
        elif self.headers.get("Authorization") != "Bearer t0ken":
            host = self.headers["Host"]
            told = f'Bearer realm="http://{host}/token",service="here",scope="repository:wssr/work:pull"'
            self.answer(401, b"{}", {"WWW-Authenticate": told})
        else:
            self.answer(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "known to a friend"}]}')

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in {**dict(headers), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


@pytest.fixture
def token_registry():
    with ThreadingHTTPServer(("127.0.0.1", 0), TokenHandler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_registry_may_send_us_for_a_token(token_registry, tmp_path):
    reference = Reference(token_registry, "wssr/work", "v1")
    with pytest.raises(RegistryError, match="MANIFEST_UNKNOWN: known to a friend"):
        Registry(reference, ("somebody", "secret")).pull(Layout(tmp_path / "back"))
    with pytest.raises(RegistryError, match="no token was given"):
        Registry(reference).pull(Layout(tmp_path / "back"))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("registry.example.edu/r/r-base:4.4.1", ("registry.example.edu", "r/r-base", "4.4.1")),
        ("localhost:5000/a", ("localhost:5000", "a", "latest")),
        ("x.example.edu/a/b@sha256:" + "0" * 64, ("x.example.edu", "a/b", "sha256:" + "0" * 64)),
        ("x.example.edu/a:1@sha256:" + "0" * 64, ("x.example.edu", "a", "sha256:" + "0" * 64)),
    ],
)
def test_names_of_images(text, parts):
    reference = Reference.parse(text)
    assert (reference.host, reference.repository, reference.version) == parts


@pytest.mark.parametrize("text", ["", "r-base", "library/r-base:1", "x.example.edu/A", "x.example.edu/a:", "/a:b"])
def test_what_is_no_image(text):
    with pytest.raises(UsageError, match="is no image"):
        Reference.parse(text)


def test_a_password_is_sent_in_the_clear_to_this_machine_alone():
    assert Reference.parse("localhost:5000/a").url == "http://localhost:5000"
    assert Reference.parse("localhost.example.edu/a").url == "https://localhost.example.edu"
