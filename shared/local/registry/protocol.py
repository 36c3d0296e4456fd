"""The registry's HTTP: the part of OCI's distribution-spec 1.1 with which clients push, pull and list tags.

It answers on the embedded cloud's own port, in front of moto: requests below ``/v2/`` that are not signed for AWS are
for the registry. A client logs in (Basic, as with ECR) with a password for one account and region. It sees the
registry of those.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from werkzeug.exceptions import ClientDisconnected, HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from shared.local.registry import ecr
from shared.local.registry.refused import RefusedError, not_found
from shared.local.registry.store import Repository
from shared.packages.images.layout import Blob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from shared.local.enforcement.callers import Actor
    from shared.local.registry.ecr import Login, Passwords
    from shared.local.registry.store import Store

_LARGEST_MANIFEST = 4 << 20  # bytes: what the specification asks a registry to take
_BYTES = "application/octet-stream"
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}|sha256:[0-9a-f]{64}")
# The IAM action that each request needs. Source: Amazon ECR User Guide, "Required IAM permissions for pushing an
# image"; Service Authorization Reference, Amazon ECR (read 2026-11-29). Docker's client looks for a layer with HEAD.
_ACTIONS = {
    "tags": "ecr:ListImages",
    "manifest": "ecr:BatchGetImage",
    "put_manifest": "ecr:PutImage",
    "blob": "ecr:GetDownloadUrlForLayer",
    "begin": "ecr:InitiateLayerUpload",
    "progress": "ecr:UploadLayerPart",
    "append": "ecr:UploadLayerPart",
    "finish": "ecr:CompleteLayerUpload",
    "cancel": "ecr:InitiateLayerUpload",
}
_LOOK, _FETCH = "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer"
_RANGE = re.compile(r"(?:bytes )?(\d+)-\d+(?:/\S+)?")
_URLS = Map(
    [
        Rule("/v2/", endpoint="ping", methods=["GET"]),
        Rule("/v2/<path:name>/tags/list", endpoint="tags", methods=["GET"]),
        Rule("/v2/<path:name>/manifests/<version>", endpoint="manifest", methods=["GET"]),
        Rule("/v2/<path:name>/manifests/<version>", endpoint="put_manifest", methods=["PUT"]),
        Rule("/v2/<path:name>/blobs/<digest>", endpoint="blob", methods=["GET"]),
        Rule("/v2/<path:name>/blobs/uploads/", endpoint="begin", methods=["POST"]),
        Rule("/v2/<path:name>/blobs/uploads/<upload>", endpoint="progress", methods=["GET"]),
        Rule("/v2/<path:name>/blobs/uploads/<upload>", endpoint="append", methods=["PATCH"]),
        Rule("/v2/<path:name>/blobs/uploads/<upload>", endpoint="finish", methods=["PUT"]),
        Rule("/v2/<path:name>/blobs/uploads/<upload>", endpoint="cancel", methods=["DELETE"]),
    ],
    merge_slashes=False,
    strict_slashes=False,
)


class RegistryApp:
    """A WSGI application.

    Args:
        store: The blobs.
        passwords: The passwords that clients may log in with.
        denied: Returns why the holder of a password may not do an action on a repository's ARN; empty if it may.
    """

    def __init__(self, store: Store, passwords: Passwords, denied: Callable[[Actor, str, str], str]) -> None:
        self._store = store
        self._passwords = passwords
        self._denied = denied

    def in_front_of(self, other: WSGIApplication) -> WSGIApplication:
        """Return an application that answers requests to the registry and leaves all others to *other*."""

        def choose(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            signed = environ.get("HTTP_AUTHORIZATION", "").startswith("AWS4-")  # AWS has APIs below /v2/ too
            ours = environ["PATH_INFO"].startswith("/v2/") and not signed
            return (self if ours else other)(environ, start)

        return choose

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        try:
            response = self._answer(request)
        except RefusedError as refused:
            response = refused.response()
        except (OSError, ClientDisconnected) as error:  # the disk is full, or the client is gone
            failed = HTTPStatus.INTERNAL_SERVER_ERROR
            response = RefusedError("BLOB_UPLOAD_INVALID", f"nothing was kept: {error}", failed).response()
        response.headers["Docker-Distribution-API-Version"] = "registry/2.0"
        answer: Iterable[bytes] = response(environ, start)
        return answer

    def _answer(self, request: Request) -> Response:
        login = self._login(request)
        try:
            endpoint, found = _URLS.bind_to_environ(request.environ).match()
        except HTTPException as error:
            status = HTTPStatus(error.code or HTTPStatus.NOT_FOUND)
            raise RefusedError("UNSUPPORTED", f"{request.method} {request.path}: {status.phrase}", status) from error
        if endpoint == "ping":
            return Response("{}", content_type="application/json")
        repository = Repository(login.account, login.region, found.pop("name"))
        action = _LOOK if (endpoint, request.method) == ("blob", "HEAD") else _ACTIONS[endpoint]
        if why := self._denied(login.holder, action, ecr.arn(repository)):
            raise RefusedError("DENIED", why, HTTPStatus.FORBIDDEN)
        ecr.check_known(repository)
        if endpoint == "begin":
            return self._begin(request, repository, login.holder)
        answer: Response = getattr(self, f"_{endpoint}")(request, repository, **found)
        return answer

    def _login(self, request: Request) -> Login:
        told = request.authorization
        login = self._passwords.login(told.password or "") if told and told.username == ecr.USER else None
        if login is None:
            challenge = {"WWW-Authenticate": f'Basic realm="{request.host_url}",service="ecr.amazonaws.com"'}
            status = HTTPStatus.UNAUTHORIZED
            raise RefusedError("UNAUTHORIZED", "log in with the token of ECR", status, challenge)
        return login

    def _tags(self, _: Request, repository: Repository) -> Response:
        told = {"name": repository.name, "tags": ecr.tags(repository)}
        return Response(json.dumps(told), content_type="application/json")

    def _manifest(self, _: Request, repository: Repository, version: str) -> Response:
        image = ecr.find(repository, version)
        if image is None:
            raise not_found("MANIFEST_UNKNOWN", f"there is no image {version} in {repository.name}")
        headers = {"Docker-Content-Digest": image.get_image_digest()}
        return Response(image.image_manifest, headers=headers, content_type=image.image_manifest_media_type)

    def _put_manifest(self, request: Request, repository: Repository, version: str) -> Response:
        if not _TAG.fullmatch(version):
            raise RefusedError("TAG_INVALID", f"{version!r} is neither a tag nor a digest")
        body = request.stream.read(_LARGEST_MANIFEST + 1)
        if len(body) > _LARGEST_MANIFEST:
            too_large = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            raise RefusedError("SIZE_INVALID", f"a manifest may have {_LARGEST_MANIFEST} bytes", too_large)
        digest = ecr.put(self._store, repository, version, body, request.mimetype)
        return _created(f"/v2/{repository.name}/manifests/{digest}", digest)

    def _blob(self, _: Request, repository: Repository, digest: str) -> Response:
        size = self._store.blob(repository, digest).stat().st_size
        headers = {"Docker-Content-Digest": digest, "Content-Length": str(size)}
        chunks = self._store.blobs(repository).chunks(Blob(_BYTES, digest, size))
        return Response(chunks, headers=headers, content_type=_BYTES, direct_passthrough=True)

    def _begin(self, request: Request, repository: Repository, holder: Actor) -> Response:
        mount, source = request.args.get("mount"), request.args.get("from")
        if mount and source and self._mounted(repository, mount, source, holder):
            return _blob_created(repository, mount)
        upload = self._store.begin(repository)
        if "digest" in request.args:
            return self._finish(request, repository, upload)
        return _uploading(repository, upload, 0)

    def _mounted(self, repository: Repository, digest: str, source: str, holder: Actor) -> bool:
        other = repository._replace(name=source)
        if self._denied(holder, _FETCH, ecr.arn(other)):
            return False
        try:
            ecr.check_known(other)
            self._store.mount(other, digest, repository)
        except RefusedError:  # then the client uploads it, says the specification
            return False
        return True

    def _progress(self, _: Request, repository: Repository, upload: str) -> Response:
        return _uploading(repository, upload, self._store.size(repository, upload), HTTPStatus.NO_CONTENT)

    def _append(self, request: Request, repository: Repository, upload: str) -> Response:
        size = self._store.append(repository, upload, request.stream, _start(request))
        return _uploading(repository, upload, size)

    def _finish(self, request: Request, repository: Repository, upload: str) -> Response:
        digest = request.args.get("digest", "")
        self._store.append(repository, upload, request.stream, _start(request))
        self._store.finish(repository, upload, digest)
        return _blob_created(repository, digest)

    def _cancel(self, _: Request, repository: Repository, upload: str) -> Response:
        self._store.cancel(repository, upload)
        return Response(status=HTTPStatus.NO_CONTENT)


def _start(request: Request) -> int | None:
    """Return where the client says that its piece begins; None if it does not say."""
    told = request.headers.get("Content-Range")
    if told is None:
        return None
    match = _RANGE.fullmatch(told)
    if match is None:
        raise RefusedError("BLOB_UPLOAD_INVALID", f"Content-Range is {told!r}, not <start>-<end>")
    return int(match[1])


def _uploading(repository: Repository, upload: str, size: int, status: HTTPStatus = HTTPStatus.ACCEPTED) -> Response:
    headers = {
        "Location": f"/v2/{repository.name}/blobs/uploads/{upload}",
        "Range": f"0-{max(size - 1, 0)}",
        "Docker-Upload-UUID": upload,
    }
    return Response(status=status, headers=headers)


def _blob_created(repository: Repository, digest: str) -> Response:
    return _created(f"/v2/{repository.name}/blobs/{digest}", digest)


def _created(location: str, digest: str) -> Response:
    headers = {"Location": location, "Docker-Content-Digest": digest}
    return Response(status=HTTPStatus.CREATED, headers=headers)
