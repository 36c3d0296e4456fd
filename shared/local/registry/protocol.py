"""The registry's HTTP: OCI distribution-spec 1.1, as far as clients push, pull and list tags.

It answers on the embedded cloud's own port, in front of moto: what is below ``/v2/`` and not signed as a request to AWS
is ours. Who logs in (Basic, as with ECR) has the password of one account and region; those are the registry it sees.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import ClientDisconnected, HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from shared.local.registry import ecr
from shared.local.registry.refused import RefusedError, not_found
from shared.local.registry.store import Repository
from shared.packages.images.layout import Blob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.local.registry.ecr import Passwords
    from shared.local.registry.store import Store

    WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]
    Denied = Callable[[Any, str, str], str]

_LARGEST_MANIFEST = 4 << 20  # bytes: what the specification asks a registry to take
_BYTES = "application/octet-stream"
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}|sha256:[0-9a-f]{64}")
# What each needs of IAM. Source: Amazon ECR User Guide, "Required IAM permissions for pushing an image"; Service
# Authorization Reference, Amazon ECR (read 2026-11-29). Docker's client looks for a layer with HEAD.
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
        passwords: Who may log in.
        denied: Says why the holder of a password may not do an action on a repository's ARN; nothing if it may.
    """

    def __init__(self, store: Store, passwords: Passwords, denied: Denied = lambda *_: "") -> None:
        self._store = store
        self._passwords = passwords
        self._denied = denied

    def in_front_of(self, other: WsgiApp) -> WsgiApp:
        """Return an application that answers what is ours and leaves the rest, ``/v2/`` APIs of AWS too, to *other*."""

        def choose(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            signed = environ.get("HTTP_AUTHORIZATION", "").startswith("AWS4-")
            ours = environ["PATH_INFO"].startswith("/v2/") and not signed
            return (self if ours else other)(environ, start)

        return choose

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        try:
            response = self._answer(request)
        except RefusedError as refused:
            response = refused.response()
        except (OSError, ClientDisconnected) as error:  # the disk is full, or nobody is there to read this
            failed = HTTPStatus.INTERNAL_SERVER_ERROR
            response = RefusedError("BLOB_UPLOAD_INVALID", f"nothing was kept: {error}", failed).response()
        response.headers["Docker-Distribution-API-Version"] = "registry/2.0"
        answer: Iterable[bytes] = response(environ, start)
        return answer

    def _answer(self, request: Request) -> Response:
        account, region, holder = self._who(request)
        try:
            endpoint, found = _URLS.bind_to_environ(request.environ).match()
        except HTTPException as error:
            status = HTTPStatus(error.code or HTTPStatus.NOT_FOUND)
            raise RefusedError("UNSUPPORTED", f"{request.method} {request.path}: {status.phrase}", status) from error
        if endpoint == "ping":
            return Response("{}", content_type="application/json")
        repository = Repository(account, region, found.pop("name"))
        action = _LOOK if (endpoint, request.method) == ("blob", "HEAD") else _ACTIONS[endpoint]
        if why := self._denied(holder, action, ecr.arn(repository)):
            raise RefusedError("DENIED", why, HTTPStatus.FORBIDDEN)
        ecr.check_known(repository)
        if endpoint == "begin":
            return self._begin(request, repository, holder)
        answer: Response = getattr(self, f"_{endpoint}")(request, repository, **found)
        return answer

    def _who(self, request: Request) -> tuple[str, str, Any]:
        told = request.authorization
        place = self._passwords.place(told.password or "") if told and told.username == ecr.USER else None
        if place is None:
            challenge = {"WWW-Authenticate": f'Basic realm="{request.host_url}",service="ecr.amazonaws.com"'}
            status = HTTPStatus.UNAUTHORIZED
            raise RefusedError("UNAUTHORIZED", "log in with the token of ECR", status, challenge)
        return place

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

    def _begin(self, request: Request, repository: Repository, holder: Any) -> Response:
        mount, source = request.args.get("mount"), request.args.get("from")
        if mount and source and self._mounted(repository, mount, source, holder):
            return _blob_created(repository, mount)
        upload = self._store.begin(repository)
        if "digest" in request.args:
            return self._finish(request, repository, upload)
        return _uploading(repository, upload, 0)

    def _mounted(self, repository: Repository, digest: str, source: str, holder: Any) -> bool:
        other = repository._replace(name=source)
        if self._denied(holder, _FETCH, ecr.arn(other)):
            return False
        try:
            ecr.check_known(other)
            self._store.mount(other, digest, repository)
        except RefusedError:  # then, says the specification, the client uploads it
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
    """Return where the client says that its piece begins, if it says so."""
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
