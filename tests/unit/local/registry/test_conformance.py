"""One suite for two registries, ours and Debian's. What both do is what a client may expect."""

import json

import pytest

from shared.packages.images.build import assemble, package_layers
from shared.packages.images.layout import INDEX, MANIFEST, Layout, to_json
from shared.packages.images.reference import Reference
from shared.packages.images.registry import Registry, RegistryError

BLOB = bytes(range(256)) * 1000
NOTHING = "sha256:" + "0" * 64


def test_our_client_pushes_and_pulls(either, base, package, tmp_path):
    image = Layout(tmp_path / "image")
    assemble(base, package_layers(package, libraries=True), "work.handler", image)
    digest = Registry(Reference(either.host, "wssr/work", "v1"), either.credentials).push(image)
    assert digest == Registry(Reference(either.host, "wssr/work", "v1"), either.credentials).push(image)
    for version in ("v1", digest):
        back = Layout(tmp_path / version.replace(":", "-"))
        assert Registry(Reference(either.host, "wssr/work", version), either.credentials).pull(back) == image.image()
        assert all(back.read(blob) == image.read(blob) for blob in (back.parts()[0], *back.parts()[1]))
    with pytest.raises(RegistryError, match="there is no such image: MANIFEST_UNKNOWN"):
        Registry(Reference(either.host, "wssr/work", "v2"), either.credentials).pull(Layout(tmp_path / "none"))
    with pytest.raises(RegistryError, match="UNAUTHORIZED"):
        Registry(Reference(either.host, "wssr/work", "v1"), (either.credentials[0], "wrong")).push(image)


def test_who_does_not_log_in_is_told_how(either, tools):
    _, codes = tools
    for path in ("", "wssr/work/manifests/v1", f"wssr/work/blobs/{NOTHING}"):
        answer = either.ask("GET", path or "/v2/", login=False)
        assert (answer.status, codes(answer)) == (401, ["UNAUTHORIZED"])
        assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert either.ask("GET", "/v2/").status == 200


@pytest.mark.parametrize("repository", ["wssr/work", "wssr/work/deeper"])
def test_a_blob_in_one_piece(either, tools, repository):
    digest = tools[0](BLOB)
    made = either.finish(either.begin(repository), digest, BLOB)
    assert (made.status, made.headers["Docker-Content-Digest"]) == (201, digest)
    for where in (made.headers["Location"], f"{repository}/blobs/{digest}"):
        got = either.ask("GET", where)
        assert (got.status, got.data, got.headers["Content-Length"]) == (200, BLOB, str(len(BLOB)))
        seen = either.ask("HEAD", where)
        assert (seen.status, seen.data, seen.headers["Content-Length"]) == (200, b"", str(len(BLOB)))
    assert either.ask("HEAD", f"other/blobs/{digest}").status == 404


def test_a_blob_in_pieces(either, tools):
    location = either.begin()
    for start in range(0, 200_000, 100_000):
        piece = BLOB[start : start + 100_000]
        told = {"Content_Range": f"{start}-{start + len(piece) - 1}", "Content_Type": "application/octet-stream"}
        answer = either.ask("PATCH", location, piece, **told)
        assert (answer.status, answer.headers["Range"]) == (202, f"0-{start + len(piece) - 1}")
        location = answer.headers["Location"]
    seen = either.ask("GET", location)
    assert (seen.status, seen.headers["Range"]) == (204, "0-199999")
    location = seen.headers["Location"]
    rest = {"Content_Range": f"200000-{len(BLOB) - 1}"}
    assert either.finish(location, tools[0](BLOB), BLOB[200_000:], **rest).status == 201
    assert either.ask("GET", f"wssr/work/blobs/{tools[0](BLOB)}").data == BLOB


def test_a_body_whose_length_nobody_knows_yet(either, tools):
    pieces = (BLOB[start : start + 50_000] for start in range(0, len(BLOB), 50_000))
    answer = either.ask("PATCH", either.begin(), pieces, Content_Type="application/octet-stream")
    assert answer.status == 202
    assert either.finish(answer.headers["Location"], tools[0](BLOB)).status == 201
    assert either.ask("GET", f"wssr/work/blobs/{tools[0](BLOB)}").data == BLOB


@pytest.mark.parametrize("digest", [NOTHING, "sha256:../../../../x", "sha256:short", ""])
def test_a_blob_that_is_not_its_digest(either, tools, digest):
    answer = either.finish(either.begin(), digest, BLOB)
    assert (answer.status, tools[1](answer)) == (400, ["DIGEST_INVALID"])
    assert either.ask("HEAD", f"wssr/work/blobs/{tools[0](BLOB)}").status == 404


def test_an_upload_may_be_given_up(either, tools):
    location = either.begin()
    assert either.ask("DELETE", location).status == 204
    for answer in (either.ask("GET", location), either.finish(location, NOTHING, b"")):
        assert (answer.status, tools[1](answer)) == (404, ["BLOB_UPLOAD_UNKNOWN"])


def test_a_blob_of_another_repository_is_mounted(either, tools):
    either.put_blob(BLOB, "other")
    answer = either.ask("POST", f"wssr/work/blobs/uploads/?mount={tools[0](BLOB)}&from=other")
    assert (answer.status, answer.headers["Docker-Content-Digest"]) == (201, tools[0](BLOB))
    assert either.ask("GET", f"wssr/work/blobs/{tools[0](BLOB)}").data == BLOB
    assert either.ask("POST", f"wssr/work/blobs/uploads/?mount={NOTHING}&from=other").status == 202


def test_a_manifest_by_tag_and_by_digest(either, tools):
    body, made = either.put_image("v1")
    digest = tools[0](body)
    assert (made.status, made.headers["Docker-Content-Digest"]) == (201, digest)
    for version in ("v1", digest):
        got = either.ask("GET", f"wssr/work/manifests/{version}", Accept=MANIFEST)
        assert (got.data, got.headers["Content-Type"]) == (body, MANIFEST)
        assert got.headers["Docker-Content-Digest"] == digest
        seen = either.ask("HEAD", f"wssr/work/manifests/{version}", Accept=MANIFEST)
        assert (seen.status, seen.data, seen.headers["Content-Length"]) == (200, b"", str(len(body)))
    for version in ("v2", NOTHING):
        answer = either.ask("GET", f"wssr/work/manifests/{version}")
        assert (answer.status, tools[1](answer)) == (404, ["MANIFEST_UNKNOWN"])


def test_a_manifest_without_a_tag_and_a_tag_that_moves(either):
    body, made = either.put_image("")
    assert made.status == 201
    first, _ = either.put_image("v1", b"first")
    either.put_image("v0", b"first")
    second, _ = either.put_image("v1", b"second")
    assert either.ask("GET", "wssr/work/manifests/v1", Accept=MANIFEST).data == second
    assert (
        either.ask("GET", f"wssr/work/manifests/{made.headers['Docker-Content-Digest']}", Accept=MANIFEST).data == body
    )
    assert either.ask("GET", "wssr/work/manifests/v0", Accept=MANIFEST).data == first
    told = either.ask("GET", "wssr/work/tags/list").json()
    assert (told["name"], sorted(told["tags"])) == ("wssr/work", ["v0", "v1"])


def test_an_index_of_images(either, tools):
    body, _ = either.put_image("v1")
    entry = {"mediaType": MANIFEST, "digest": tools[0](body), "size": len(body)}
    index = to_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]})
    assert either.ask("PUT", "wssr/work/manifests/all", index, Content_Type=INDEX).status == 201
    assert either.ask("GET", "wssr/work/manifests/all", Accept=INDEX).data == index
    entry["digest"] = NOTHING
    broken = to_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]})
    answer = either.ask("PUT", "wssr/work/manifests/all", broken, Content_Type=INDEX)
    assert (answer.status, tools[1](answer)) == (400, ["MANIFEST_BLOB_UNKNOWN"])


def test_a_manifest_of_what_is_not_there(either, tools):
    missing = {"mediaType": "application/octet-stream", "digest": NOTHING, "size": 1}
    body = to_json({"schemaVersion": 2, "mediaType": MANIFEST, "config": missing, "layers": [missing]})
    answer = either.ask("PUT", "wssr/work/manifests/v1", body, Content_Type=MANIFEST)
    assert (answer.status, set(tools[1](answer))) == (400, {"MANIFEST_BLOB_UNKNOWN"})


@pytest.mark.parametrize(
    ("version", "body", "code"),
    [
        (NOTHING, None, "DIGEST_INVALID"),
        ("v1", b"{", "MANIFEST_INVALID"),
        ("v1", json.dumps({"schemaVersion": 2, "mediaType": INDEX}).encode(), "MANIFEST_INVALID"),
    ],
)
def test_what_is_no_manifest_of_that_name(either, tools, version, body, code):
    good, _ = either.put_image("good")
    answer = either.ask("PUT", f"wssr/work/manifests/{version}", body or good, Content_Type=MANIFEST)
    assert (answer.status, tools[1](answer)) == (400, [code])
    assert either.ask("GET", "wssr/work/manifests/v1").status == 404
