"""An OCI image layout: a folder of blobs named by their digest, and an index that names one image."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, final

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_CHUNK = 1 << 20
_AGAIN = "remove the layout and make it again"


class Descriptor(TypedDict):
    """A blob as a manifest or an index names it."""

    mediaType: str
    digest: str
    size: int


@final
class Manifest(TypedDict):
    """An image's manifest: its config, and its layers from the lowest up."""

    schemaVersion: int
    mediaType: str
    config: Descriptor
    layers: list[Descriptor]


@dataclass(frozen=True, slots=True)
class Blob:
    """What a descriptor says of a blob: its type, its ``sha256:`` digest and its size in bytes."""

    media_type: str
    digest: str
    size: int

    @classmethod
    def read(cls, descriptor: Descriptor) -> Blob:
        """Return it from its JSON form."""
        return cls(descriptor["mediaType"], descriptor["digest"], descriptor["size"])

    def json(self) -> Descriptor:
        """Return its JSON form."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}


class Layout:
    """The layout in *folder*. If it is not there yet, the first blob makes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, digest: str) -> Path:
        """Return where the blob lies, whether it is there or not.

        Raises:
            LanesError: This is no digest of the kind that is in use everywhere.
        """
        kind, _, digits = digest.partition(":")
        if kind != "sha256" or len(digits) != hashlib.sha256().digest_size * 2 or not digits.isalnum():
            raise LanesError(f"{digest!r} is no sha256 digest", where=str(self.folder))
        return self.folder / "blobs" / kind / digits

    def has(self, blob: Blob) -> bool:
        """Say whether the blob is there, whole."""
        path = self.path(blob.digest)
        return path.is_file() and path.stat().st_size == blob.size

    def add(self, content: bytes, media_type: str) -> Blob:
        """Keep *content* and return what it is called."""
        blob = Blob(media_type, f"sha256:{hashlib.sha256(content).hexdigest()}", len(content))
        path = self.path(blob.digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft_of(path) as draft:
            draft.write_bytes(content)
        return blob

    def take(self, blob: Blob, other: Layout) -> None:
        """Keep a blob that *other* has, as a hard link where the file system allows it."""
        path = self.path(blob.digest)
        if self.has(blob):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft_of(path) as draft:
            try:
                os.link(other.path(blob.digest), draft)
            except OSError:
                shutil.copyfile(other.path(blob.digest), draft)

    def read(self, blob: Blob) -> bytes:
        """Return the blob.

        Raises:
            LanesError: It is not there, or is not what its digest says.
        """
        path = self.path(blob.digest)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise LanesError(f"a blob cannot be read: {error.strerror}", where=str(path), fix=_AGAIN) from error
        if f"sha256:{hashlib.sha256(content).hexdigest()}" != blob.digest:
            raise LanesError("a blob is not what its digest says", where=str(path), fix=_AGAIN)
        return content

    def chunks(self, blob: Blob) -> Iterator[bytes]:
        """Yield the blob piece by piece."""
        with self.path(blob.digest).open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def name(self, manifest: Blob) -> None:
        """Make *manifest* the layout's one image."""
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [manifest.json()]}
        for name, value in (("oci-layout", {"imageLayoutVersion": "1.0.0"}), ("index.json", index)):
            with draft_of(self.folder / name) as draft:
                draft.write_bytes(to_json(value))

    def keep_image(self, config: Blob, layers: Sequence[Blob]) -> Blob:
        """Make the image of *config* and *layers*, lowest first, the layout's one, and return its manifest."""
        manifest: Manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config.json(),
            "layers": [layer.json() for layer in layers],
        }
        made = self.add(to_json(manifest), MANIFEST)
        self.name(made)
        return made

    def is_whole(self) -> bool:
        """Say whether it names an image; that is done last."""
        return (self.folder / "index.json").is_file()

    def image(self) -> Blob:
        """Return the manifest of the layout's image.

        Raises:
            LanesError: This is no layout, or one of several images.
        """
        try:
            index = json.loads((self.folder / "index.json").read_text(encoding="utf-8"))
            manifests = [Blob.read(entry) for entry in index["manifests"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LanesError("this is no OCI image layout", where=str(self.folder), fix="give its folder") from error
        if len(manifests) != 1:
            raise LanesError(f"the layout has {len(manifests)} images, not one", where=str(self.folder))
        return manifests[0]

    def parts(self) -> tuple[Blob, tuple[Blob, ...]]:
        """Return the image's config and its layers, lowest first."""
        manifest: Manifest = json.loads(self.read(self.image()))
        return Blob.read(manifest["config"]), tuple(Blob.read(layer) for layer in manifest["layers"])


@contextlib.contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """Give a file to write to; it is renamed to *path* when it is whole, because another process may make the same."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def to_json(value: object) -> bytes:
    """Return *value* as JSON, the same bytes for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
