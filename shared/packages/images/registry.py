"""A registry, over its own HTTP protocol: images from a layout to it, and from it to a layout.

A 401 says how to log in: with the password itself, or at another address for a token (distribution-spec, token
authentication). The login is kept for the requests that follow.
"""

from __future__ import annotations

import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, NotRequired, TypedDict, final
from urllib.parse import urljoin

import urllib3

from shared.aws.settling.patience import Patience, Wait
from shared.aws.settling.rules import UNAVAILABLE
from shared.errors import LanesError
from shared.packages.images.layout import CONFIG, INDEX, LAYER, MANIFEST, Blob, Descriptor, Layout, Manifest, draft_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.packages.images.reference import Reference

    Answer = urllib3.BaseHTTPResponse

_DOCKER = "application/vnd.docker"
_AS_OCI = {  # the same content under Docker's older names
    f"{_DOCKER}.distribution.manifest.v2+json": MANIFEST,
    f"{_DOCKER}.distribution.manifest.list.v2+json": INDEX,
    f"{_DOCKER}.container.image.v1+json": CONFIG,
    f"{_DOCKER}.image.rootfs.diff.tar.gzip": LAYER,
}
_ACCEPT = ", ".join([MANIFEST, INDEX, *list(_AS_OCI)[:2]])
_PLATFORM = {"os": "linux", "architecture": "amd64"}  # what our functions run on
_AT_ONCE = 4
_OK, _CREATED, _ACCEPTED, _UNAUTHORIZED, _NOT_FOUND = 200, 201, 202, 401, 404
# distribution-spec, TOOMANYREQUESTS; ECR answers 503 when it throttles (moby/moby 24473), and for a moment NAME_UNKNOWN
# of a repository that was just made (aws/aws-cli 2675).
_BUSY = frozenset({408, 429, 500, 502, 503, 504})
_NEW = "NAME_UNKNOWN"
_CUT_OFF = (urllib3.exceptions.ProtocolError, urllib3.exceptions.ReadTimeoutError)
_RETRIES = urllib3.Retry(3, redirect=5)
_TIMEOUT = urllib3.Timeout(connect=10, read=300)


class _Entry(Descriptor):
    platform: NotRequired[dict[str, str]]


@final
class _Index(TypedDict):
    """One image for several platforms."""

    manifests: list[_Entry]


class RegistryError(LanesError):
    """A registry refused, or cannot be reached."""


class BusyError(RegistryError):
    """A registry refused what it may take a little later."""


class Registry:
    """One repository of a registry.

    Args:
        reference: The image it is about.
        credentials: User and password, where it wants them.
        patience: How a push waits for a registry that is busy.
    """

    def __init__(
        self, reference: Reference, credentials: tuple[str, str] | None = None, patience: Patience | None = None
    ) -> None:
        self.reference = reference
        self._patience = patience or Patience()
        self._base = f"{reference.url}/v2/{reference.repository}"
        self._pool = urllib3.PoolManager(maxsize=_AT_ONCE, timeout=_TIMEOUT, retries=_RETRIES)
        self._basic = urllib3.make_headers(basic_auth=":".join(credentials))["authorization"] if credentials else None
        self._login: str | None = None

    def push(self, layout: Layout) -> str:
        """Bring the layout's image there and return its digest. Blobs that are there already are not sent again.

        Raises:
            RegistryError: It refuses, or cannot be reached.
        """
        config, layers = layout.parts()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            blobs = dict.fromkeys([config, *layers])
            list(pool.map(lambda blob: self._patiently(lambda: self._push_blob(layout, blob)), blobs))
        manifest = layout.image()
        self._patiently(lambda: self._push_manifest(layout, manifest))
        return manifest.digest

    def _patiently(self, work: Callable[[], None]) -> None:
        """Do *work* until the registry takes it. It may be begun several times."""
        wait = Wait(self._patience, "push", {})
        while True:
            try:
                return work()
            except BusyError as error:
                wait.once_more(UNAVAILABLE, error)

    def _push_manifest(self, layout: Layout, manifest: Blob) -> None:
        answer = self._ask(
            "PUT",
            f"{self._base}/manifests/{self.reference.version}",
            body=lambda: layout.read(manifest),
            headers={"Content-Type": manifest.media_type},
        )
        self._expect(answer, _CREATED, "the image's manifest was not taken")

    def pull(self, layout: Layout) -> Blob:
        """Bring the image into *layout* and return its manifest; of several platforms, the one of our functions.

        Raises:
            RegistryError: It is not there, or is not what its digests say.
        """
        manifest = self._manifest(self.reference.version)
        config = replace(Blob.read(manifest["config"]), media_type=CONFIG)
        layers = [_as_oci(Blob.read(entry)) for entry in manifest["layers"]]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(lambda blob: self._pull_blob(layout, blob), dict.fromkeys([config, *layers])))
        return layout.keep_image(config, layers)

    def _push_blob(self, layout: Layout, blob: Blob) -> None:
        if self._ask("HEAD", f"{self._base}/blobs/{blob.digest}").status == _OK:
            return
        begun = self._ask("POST", f"{self._base}/blobs/uploads/")
        self._expect(begun, _ACCEPTED, "an upload was not begun")
        where = urljoin(f"{self.reference.url}/", begun.headers["Location"])
        answer = self._ask(
            "PUT",
            f"{where}{'&' if '?' in where else '?'}digest={blob.digest}",
            body=lambda: layout.chunks(blob),
            headers={"Content-Type": "application/octet-stream", "Content-Length": str(blob.size)},
        )
        self._expect(answer, _CREATED, f"blob {blob.digest} was not taken")

    def _pull_blob(self, layout: Layout, blob: Blob) -> None:
        if layout.has(blob):
            return
        path = layout.path(blob.digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        answer = self._ask("GET", f"{self._base}/blobs/{blob.digest}", stream=True)
        self._expect(answer, _OK, f"blob {blob.digest} is not there")
        digest = hashlib.sha256()
        with draft_of(path) as draft:
            with draft.open("wb") as file:
                for chunk in answer.stream(1 << 20):
                    digest.update(chunk)
                    file.write(chunk)
            if f"sha256:{digest.hexdigest()}" != blob.digest:
                raise RegistryError(f"blob {blob.digest} came as something else", where=str(self.reference))

    def _manifest(self, version: str) -> Manifest:
        answer = self._ask("GET", f"{self._base}/manifests/{version}", headers={"Accept": _ACCEPT})
        self._expect(answer, _OK, "there is no such image")
        if version.startswith("sha256:") and f"sha256:{hashlib.sha256(answer.data).hexdigest()}" != version:
            raise RegistryError(f"manifest {version} came as something else", where=str(self.reference))
        found: Manifest | _Index = json.loads(answer.data)
        if "manifests" not in found:
            return found
        for entry in found["manifests"]:
            if _PLATFORM.items() <= entry.get("platform", {}).items():
                return self._manifest(entry["digest"])
        raise RegistryError("the image is not for Linux on x86_64", where=str(self.reference))

    def _ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Callable[[], bytes | Iterator[bytes]] | None = None,
        stream: bool = False,
    ) -> Answer:
        """Make a request. When the registry asks for a login, log in and make it again, with a new ``body()``."""
        # What was read of a body is gone, so a request with one is not retried here: whoever pushes begins again.
        retries = False if body else _RETRIES
        for attempt in range(2):
            login = {"Authorization": self._login} if self._login and url.startswith(self._base) else {}
            try:
                answer = self._pool.request(
                    method,
                    url,
                    headers={**(headers or {}), **login},
                    body=body() if body else None,
                    retries=retries,
                    preload_content=not stream,
                )
            except urllib3.exceptions.HTTPError as error:
                kind = BusyError if isinstance(getattr(error, "reason", error), _CUT_OFF) else RegistryError
                raise kind(
                    f"the registry cannot be reached: {error}", where=self.reference.host, fix="check its name and port"
                ) from error
            if answer.status != _UNAUTHORIZED or attempt:
                break
            self._login = self._log_in(answer.headers.get("WWW-Authenticate", ""))
        return answer

    def _log_in(self, challenge: str) -> str | None:
        kind, _, rest = challenge.partition(" ")
        if kind.lower() != "bearer":
            return self._basic
        told = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        asked = {name: told[name] for name in ("service", "scope") if name in told}
        headers = {"Authorization": self._basic} if self._basic else {}
        answer = self._pool.request("GET", told["realm"], fields=asked, headers=headers)
        self._expect(answer, _OK, "no token was given")
        token = answer.json()
        return f"Bearer {token.get('token') or token['access_token']}"

    def _expect(self, answer: Answer, status: int, what: str) -> None:
        if answer.status == status:
            return
        said = "; ".join(_complaints(answer)) or f"HTTP {answer.status}"
        fix = {
            _UNAUTHORIZED: "log in: --user, and the password in LANES_REGISTRY_PASSWORD",
            _NOT_FOUND: "check the name; a registry may want its repository to be made first",
        }.get(answer.status)
        kind = BusyError if answer.status in _BUSY or _NEW in said else RegistryError
        raise kind(f"{what}: {said}", where=str(self.reference), fix=fix)


def _as_oci(layer: Blob) -> Blob:
    return replace(layer, media_type=_AS_OCI.get(layer.media_type, layer.media_type))


def _complaints(answer: Answer) -> Iterator[str]:
    """Yield the registry's errors, which have the form of the specification."""
    try:
        errors = json.loads(answer.data).get("errors", [])
    except (ValueError, AttributeError):
        return
    for error in errors:
        yield f"{error.get('code')}: {error.get('message')}"
