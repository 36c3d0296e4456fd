"""moto's ECR as the registry's books: which repositories there are, which images and tags, and who may log in.

While installed, moto's ``get_authorization_token`` answers with our address and a password that we take, and its
``delete_repository`` removes what the repository holds here. moto's own ``put_image`` would drop an image whose tag is
moved; as on AWS it stays here, without a tag.
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
from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult
from moto.ecr.models import ECRBackend, Image, ecr_backends
from moto.ecr.responses import ECRResponse

from shared.local.registry.refused import RefusedError, not_found
from shared.local.registry.store import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.local.registry.store import Store

USER = "AWS"
_VALID = timedelta(hours=12)
_books = threading.Lock()


class Passwords:
    """What ECR gives a client to log in with: each is good for one account and region, and does what its holder may."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, str, Any], str] = {}
        self._lock = threading.Lock()

    def give(self, account: str, region: str, holder: Any = None) -> str:
        """Return *holder*'s password for the registry of *account* in *region*."""
        with self._lock:
            return self._given.setdefault((account, region, holder), secrets.token_urlsafe(32))

    def place(self, password: str) -> tuple[str, str, Any] | None:
        """Return the account and region that *password* is for, if it is for any, and who holds it."""
        with self._lock:
            given = list(self._given.items())
        known = (place for place, own in given if secrets.compare_digest(own.encode(), password.encode()))
        return next(known, None)


def arn(repository: Repository) -> str:
    """Return the ARN of *repository*."""
    return f"arn:aws:ecr:{repository.region}:{repository.account}:repository/{repository.name}"


class PushedImage(Image):
    """An image that came through the registry. moto would give its config's size for the image's."""

    def get_image_size_in_bytes(self) -> int:
        """Return the bytes of its config and layers, as they are stored."""
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
    """Return all tags of *repository*, in order.

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
    """Take a manifest in under *version*, a tag or its own digest, and return its digest.

    Raises:
        RefusedError: It is no manifest, names what is not there, or would move a tag that may not move.
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


def _known(repository: Repository) -> Any:
    found = ecr_backends[repository.account][repository.region].repositories.get(repository.name)
    if found is None:
        raise not_found(
            "NAME_UNKNOWN",
            f"The repository with name '{repository.name}' does not exist "
            f"in the registry with id '{repository.account}'",
        )
    return found


def _read(body: bytes, media_type: str) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(body.decode())
        said = manifest.get("mediaType", media_type)
        version = manifest["schemaVersion"]
    except (ValueError, AttributeError, KeyError) as error:
        raise RefusedError("MANIFEST_INVALID", "this is no manifest") from error
    if said != media_type or version != 2:  # noqa: PLR2004  the one version that is in use
        raise RefusedError("MANIFEST_INVALID", f"a manifest of type {said}, version {version}, came as {media_type}")
    return manifest


def _check_parts(store: Store, repository: Repository, manifest: dict[str, Any]) -> None:
    """Refuse a manifest of blobs, or of manifests, that have not come before it."""
    try:
        images = [str(entry["digest"]) for entry in manifest.get("manifests", [])]
        parts = [] if "manifests" in manifest else [manifest["config"], *manifest["layers"]]
        blobs = [str(part["digest"]) for part in parts]
    except (KeyError, TypeError) as error:
        raise RefusedError("MANIFEST_INVALID", "the manifest names no config and layers") from error
    missing = [digest for digest in images if find(repository, digest) is None]
    for digest in blobs:
        try:
            store.blob(repository, digest)
        except RefusedError:
            missing.append(digest)
    if missing:
        raise RefusedError("MANIFEST_BLOB_UNKNOWN", f"there is no {', '.join(missing)} in {repository.name}")


@contextmanager
def install(
    store: Store, passwords: Passwords, endpoint: str, holder: Callable[[Any], Any] = lambda _: None
) -> Iterator[None]:
    """Have moto's ECR speak of the registry at *endpoint* while the block lasts.

    Args:
        store: The blobs.
        passwords: Where the passwords are kept that it gives out.
        endpoint: The registry's URL.
        holder: Tells from the environ of a request who asks for a password.
    """
    seams: list[tuple[Any, str, Callable[..., Any]]] = [
        (ECRResponse, "get_authorization_token", _token(passwords, endpoint, holder)),
        (ECRBackend, "delete_repository", _emptying(store, ECRBackend.delete_repository)),
    ]
    before = [getattr(owner, name) for owner, name, _ in seams]
    for owner, name, seam in seams:
        setattr(owner, name, seam)
    try:
        yield
    finally:
        for (owner, name, _), original in zip(seams, before, strict=True):
            setattr(owner, name, original)


def _token(passwords: Passwords, endpoint: str, holder: Callable[[Any], Any]) -> Callable[[ECRResponse], ActionResult]:
    def get_authorization_token(self: ECRResponse) -> ActionResult:
        password = passwords.give(self.current_account, self.region, holder(self.normalized_request.environ))
        told = {
            "authorizationToken": base64.b64encode(f"{USER}:{password}".encode()).decode(),
            "expiresAt": datetime.now(UTC) + _VALID,
            "proxyEndpoint": endpoint,
        }
        return ActionResult({"authorizationData": [told]})

    return get_authorization_token


def _emptying(store: Store, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def delete(self: ECRBackend, repository_name: str, *args: Any, **named: Any) -> Any:
        with _books:
            gone = original(self, repository_name, *args, **named)
            store.remove(Repository(self.account_id, self.region_name, repository_name))
        return gone

    return delete
