"""The registry's repositories, images and tags, kept in moto's ECR; and the passwords to log in with.

While installed, moto's ``get_authorization_token`` answers with our address and a password that we accept, and its
``delete_repository`` also removes the repository's blobs here. moto's own ``put_image`` would drop an image when its
tag moves to another one. Here the image stays, without a tag, as on AWS.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import secrets
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from moto.core.responses import ActionResult
from moto.ecr.models import ECRBackend, Image, ecr_backends
from moto.ecr.models import Repository as MotoRepository
from moto.ecr.responses import ECRResponse

from shared.local.registry.refused import RefusedError, not_found
from shared.local.registry.store import Repository
from shared.local.seams import Seam, plugged, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import WSGIEnvironment

    from shared.local.enforcement.callers import Actor
    from shared.local.registry.store import Store
    from shared.values import Json

USER = "AWS"
_VALID = timedelta(hours=12)
_SCHEMA_VERSION = 2  # of manifests; the only one in use
_books = threading.Lock()  # held while repositories and images in moto change


class Login(NamedTuple):
    """Who logged in, and to which registry.

    Attributes:
        account: The registry's account.
        region: The registry's region.
        holder: Who was given the password.
    """

    account: str
    region: str
    holder: Actor


class Passwords:
    """The passwords that ECR gives out. Each is for one account and region, and for one holder. Thread-safe."""

    def __init__(self) -> None:
        self._given: dict[Login, tuple[str, datetime]] = {}  # each with when it ends
        self._lock = threading.Lock()

    def give(self, account: str, region: str, holder: Actor) -> str:
        """Return *holder*'s password for the registry of *account* in *region*."""
        login, now = Login(account, region, holder), datetime.now(UTC)
        with self._lock:
            self._given = {each: told for each, told in self._given.items() if told[1] > now}
            password, _ = self._given.get(login, (secrets.token_urlsafe(32), now))
            self._given[login] = password, now + _VALID
            return password

    def login(self, password: str) -> Login | None:
        """Return whose *password* it is and for which registry; None if it is nobody's."""
        with self._lock:
            given = list(self._given.items())
        now = datetime.now(UTC)
        valid = ((login, own) for login, (own, until) in given if until > now)
        known = (login for login, own in valid if secrets.compare_digest(own.encode(), password.encode()))
        return next(known, None)


def arn(repository: Repository) -> str:
    """Return the ARN of *repository*."""
    return f"arn:aws:ecr:{repository.region}:{repository.account}:repository/{repository.name}"


class PushedImage(Image):
    """An image that was pushed to the registry. moto would give the size of its config as the image's."""

    def get_image_size_in_bytes(self) -> int:
        """Return the size of its config and layers as they are stored, in bytes."""
        manifest = json.loads(self.image_manifest)
        parts = [manifest["config"], *manifest["layers"]] if "layers" in manifest else manifest["manifests"]
        return sum(int(part["size"]) for part in parts)


def find(repository: Repository, version: str) -> Image | None:
    """Return the image that *version*, a digest or a tag, names.

    Raises:
        RefusedError: There is no such repository.
    """
    images = _known(repository).images
    if version.startswith("sha256:"):
        return next((image for image in images if image.get_image_digest() == version), None)
    return next((image for image in images if version in image.image_tags), None)


def tags(repository: Repository) -> list[str]:
    """Return all tags of *repository*, sorted.

    Raises:
        RefusedError: There is no such repository.
    """
    return sorted(tag for image in _known(repository).images for tag in image.image_tags)


def check_known(repository: Repository) -> None:
    """Do nothing if the repository exists.

    Raises:
        RefusedError: There is no such repository.
    """
    _known(repository)


def put(store: Store, repository: Repository, version: str, body: bytes, media_type: str) -> str:
    """Keep a manifest under *version*, a tag or its own digest, and return its digest.

    Raises:
        RefusedError: It is not a manifest, it names a blob that does not exist, or it would move an immutable tag.
    """
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    by_digest = version.startswith("sha256:")
    if by_digest and version != digest:
        raise RefusedError("DIGEST_INVALID", f"what came is {digest}, not {version}")
    manifest = _read(body, media_type)
    with _books:
        found = _known(repository)
        _check_parts(store, repository, manifest)
        tagged = None if by_digest else find(repository, version)
        if tagged and found.is_tag_immutable():
            raise RefusedError(
                "TAG_INVALID",
                f"The image tag '{version}' already exists in the '{repository.name}' repository "
                "and cannot be overwritten because the repository is immutable.",
            )
        image = find(repository, digest)
        if image is None:
            image = PushedImage(repository.account, None, body.decode(), repository.name, media_type, digest)
            found.images.append(image)
        if tagged and tagged is not image:
            tagged.remove_tag(version)
            tagged.image_tag = next(iter(tagged.image_tags), None)
        if not by_digest:
            image.update_tag(version)
    return digest


def _known(repository: Repository) -> MotoRepository:
    found = ecr_backends[repository.account][repository.region].repositories.get(repository.name)
    if found is None:
        raise not_found(
            "NAME_UNKNOWN",
            f"The repository with name '{repository.name}' does not exist "
            f"in the registry with id '{repository.account}'",
        )
    return found


def _read(body: bytes, media_type: str) -> dict[str, Json]:
    try:
        manifest: dict[str, Json] = json.loads(body.decode())
        said = manifest.get("mediaType", media_type)
        version = manifest["schemaVersion"]
    except (ValueError, AttributeError, KeyError) as error:
        raise RefusedError("MANIFEST_INVALID", "this is not a manifest") from error
    if said != media_type or version != _SCHEMA_VERSION:
        raise RefusedError("MANIFEST_INVALID", f"a manifest of type {said}, version {version}, came as {media_type}")
    return manifest


def _check_parts(store: Store, repository: Repository, manifest: dict[str, Json]) -> None:
    """Refuse a manifest that names blobs, or manifests, which were not pushed before it."""
    if "manifests" in manifest:
        images, blobs = _digests(manifest["manifests"]), []
    else:
        images, blobs = [], _digests([manifest.get("config")]) + _digests(manifest.get("layers"))
    missing = [digest for digest in images if find(repository, digest) is None]
    for digest in blobs:
        try:
            store.blob(repository, digest)
        except RefusedError:
            missing.append(digest)
    if missing:
        raise RefusedError("MANIFEST_BLOB_UNKNOWN", f"there is no {', '.join(missing)} in {repository.name}")


def _digests(parts: Json) -> list[str]:
    """Return the digests of a manifest's *parts*.

    Raises:
        RefusedError: They are not a list of objects with a digest.
    """
    listed = parts if isinstance(parts, list) else [None]
    digests = [part.get("digest") if isinstance(part, dict) else None for part in listed]
    if None in digests:
        raise RefusedError("MANIFEST_INVALID", "the manifest names no config and layers")
    return [str(digest) for digest in digests]


@contextmanager
def install(
    store: Store,
    passwords: Passwords,
    endpoint: str,
    holder: Callable[[WSGIEnvironment], Actor],
) -> Iterator[None]:
    """Have moto's ECR use the registry at *endpoint* while the block lasts.

    Args:
        store: The blobs.
        passwords: Keeps the passwords that ECR gives out.
        endpoint: The registry's URL.
        holder: Returns who asks for a password, by the environ of the request.
    """
    seams = (
        replacing(ECRResponse, "get_authorization_token", _token(passwords, endpoint, holder)),
        Seam(ECRBackend, "delete_repository", functools.partial(_emptying, store)),
        Seam(ECRBackend, "batch_delete_image", functools.partial(_dropping, store)),
    )
    with plugged(seams):
        yield


def _token(
    passwords: Passwords, endpoint: str, holder: Callable[[WSGIEnvironment], Actor]
) -> Callable[[ECRResponse], ActionResult]:
    def get_authorization_token(self: ECRResponse) -> ActionResult:
        password = passwords.give(self.current_account, self.region, holder(self.normalized_request.environ))
        told = {
            "authorizationToken": base64.b64encode(f"{USER}:{password}".encode()).decode(),
            "expiresAt": datetime.now(UTC) + _VALID,
            "proxyEndpoint": endpoint,
        }
        return ActionResult({"authorizationData": [told]})

    return get_authorization_token


def _emptying(store: Store, original: Callable[..., MotoRepository]) -> Callable[..., MotoRepository]:
    @functools.wraps(original)
    def delete(self: ECRBackend, repository_name: str, *args: object, **named: object) -> MotoRepository:
        with _books:
            gone = original(self, repository_name, *args, **named)
            store.remove(Repository(self.account_id, self.region_name, repository_name))
        return gone

    return delete


def _dropping(store: Store, original: Callable[..., Json]) -> Callable[..., Json]:
    """Wrap the deletion of images: blobs that no image has any more go, but for those that came lately."""

    @functools.wraps(original)
    def delete(self: ECRBackend, repository_name: str, *args: object, **named: object) -> Json:
        with _books:
            answer = original(self, repository_name, *args, **named)
            repository = Repository(self.account_id, self.region_name, repository_name)
            store.keep_only(repository, _used(self.repositories[repository_name].images))
        return answer

    return delete


def _used(images: Iterable[Image]) -> set[str]:
    """Return the digests of the blobs that *images* name."""
    manifests = [json.loads(image.image_manifest) for image in images]
    return {
        digest
        for manifest in manifests
        for digest in _digests([manifest.get("config")] if "config" in manifest else [])
        + _digests(manifest.get("layers") or [])
    }
