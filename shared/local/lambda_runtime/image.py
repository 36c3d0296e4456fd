"""Functions whose code is a container image.

While installed, moto's ``create_function`` and ``update_function_code`` look an image up in the embedded cloud's
registry and keep its digest. So a tag that moves later changes nothing, as on AWS. The host in the image's URI is not
looked at, because there is only one registry.

The runtime uses an image's /var/task, its environment and its command (the handler). It does not run the image's
ENTRYPOINT or its Python: the project's own interpreter runs the code, with AWS's own client.
"""

from __future__ import annotations

import functools
import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import ImageConfig, LambdaFunction

from shared.errors import UsageError
from shared.local.lambda_runtime.function import ImageCode, InvokeRefusedError
from shared.local.registry.ecr import find
from shared.local.registry.refused import RefusedError
from shared.local.registry.store import Repository
from shared.local.seams import Seam, plugged
from shared.packages.images.layout import LAYER, Blob
from shared.packages.images.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_lambda.type_defs import (
        FunctionCodeTypeDef,
        GetFunctionResponseTypeDef,
        UpdateFunctionConfigurationRequestTypeDef,
    )

    from shared.local.lambda_runtime.function import CodeParts
    from shared.local.registry.store import Store

    Configuration = dict[str, object]  # as GetFunctionConfiguration answers

_LAYERS = {LAYER, LAYER.removesuffix("+gzip"), "application/vnd.docker.image.rootfs.diff.tar.gzip"}
_OF_THE_IMAGE = {"PATH", "LD_LIBRARY_PATH", "PYTHONHOME"}  # they name folders that are only in the image


def resolve(store: Store, account: str, region: str, uri: str) -> ImageCode:
    """Return the image that *uri* names now.

    Raises:
        InvalidParameterValueException: It names no image, or one that Lambda does not take. The words are AWS's.
    """
    try:
        reference = Reference.parse(uri)
    except UsageError as error:
        raise InvalidParameterValueException(
            f"Source image {uri} is not valid. Provide a valid source image."
        ) from error
    repository = Repository(account, region, reference.repository)
    try:
        image = find(repository, reference.version)
    except RefusedError:
        image = None
    if image is None:
        raise InvalidParameterValueException(f"Source image {uri} does not exist. Provide a valid source image.")
    manifest = json.loads(image.image_manifest)
    layers = [Blob.read(layer) for layer in manifest.get("layers", [])]
    if "config" not in manifest or not _LAYERS.issuperset(layer.media_type for layer in layers):
        raise InvalidParameterValueException(
            f"The image manifest, config or layer media type for the source image {uri} is not supported."
        )
    blobs = store.blobs(repository)
    told = json.loads(blobs.read(Blob.read(manifest["config"]))).get("config") or {}
    pairs = (entry.partition("=") for entry in told.get("Env") or [])
    return ImageCode(
        repository=f"{reference.host}/{reference.repository}",
        digest=image.get_image_digest(),
        layers=tuple(blobs.path(layer.digest) for layer in layers),
        command=tuple(told.get("Cmd") or ()),
        environment=tuple((name, value) for name, _, value in pairs if name not in _OF_THE_IMAGE),
    )


def image_parts(function: LambdaFunction) -> CodeParts:
    """Return the parts of a :class:`FunctionSpec` that come from the image.

    Raises:
        InvokeRefusedError: There is no image, or its command is not a handler.
    """
    image: ImageCode | None = getattr(function, "image", None)
    if image is None:
        raise InvokeRefusedError("InvalidCodeException", 502, f"the image of {function.function_name} is not there")
    command = function.image_config.cmd or image.command
    if len(command) != 1:
        raise InvokeRefusedError(
            "InvalidCodeException",
            502,
            f"{function.function_name} runs {list(command)}: "
            "the embedded cloud runs images whose command is one word, the handler",
        )
    environment = dict(image.environment) | function.environment_vars
    return {
        "handler": command[0],
        "code_sha256": image.digest.removeprefix("sha256:"),
        "code": b"",
        "image": image,
        "runtime": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "environment": tuple(sorted((name, str(value)) for name, value in environment.items())),
    }


@contextmanager
def install_images(store: Store) -> Iterator[None]:
    """Have moto's Lambda take its images from the registry of *store* while the block lasts."""
    seams = (
        Seam(LambdaFunction, "_set_function_code", functools.partial(_taking_images, store)),
        Seam(LambdaFunction, "get_code", _showing_image),
        Seam(LambdaFunction, "update_configuration", _updating_command),
        Seam(LambdaFunction, "get_configuration", _without_empty_command),
    )
    with plugged(seams):
        yield


def _taking_images(store: Store, original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def set_code(self: LambdaFunction, spec: FunctionCodeTypeDef) -> None:
        uri, image = spec.get("ImageUri", ""), self.package_type == "Image"
        if image and (self.handler or self.run_time or self.layers):
            raise InvalidParameterValueException(
                "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image."
            )
        if image != bool(uri):
            wanted = "Please provide ImageUri" if image else "Please don't provide ImageUri"
            raise InvalidParameterValueException(
                f"{wanted} when updating a function with packageType {self.package_type}."
            )
        if not image:
            original(self, spec)
            return
        found = resolve(store, self.account_id, self.region, uri)
        if spec.get("DryRun"):
            return
        self.image = found
        self.code = {"ImageUri": uri}
        self.code_bytes, self.code_size = b"", 0
        self.code_digest, self.code_sha_256 = found.digest, found.digest.removeprefix("sha256:")

    return set_code


def _showing_image(original: Callable[..., GetFunctionResponseTypeDef]) -> Callable[..., GetFunctionResponseTypeDef]:
    @functools.wraps(original)
    def show(self: LambdaFunction) -> GetFunctionResponseTypeDef:
        told = original(self)
        if self.package_type == "Image":
            told["Code"]["ResolvedImageUri"] = f"{self.image.repository}@{self.image.digest}"
        return told

    return show


def _updating_command(original: Callable[..., object]) -> Callable[..., object]:
    """Wrap a change of the configuration: it takes ImageConfig too, which moto drops."""

    @functools.wraps(original)
    def update(self: LambdaFunction, config_updates: UpdateFunctionConfigurationRequestTypeDef) -> object:
        if "ImageConfig" in config_updates:
            self.image_config = ImageConfig(config_updates["ImageConfig"])
        return original(self, config_updates)

    return update


def _without_empty_command(original: Callable[..., Configuration]) -> Callable[..., Configuration]:
    """Wrap a function's description: ImageConfigResponse has what was given, as on AWS, and not moto's empty lists."""

    @functools.wraps(original)
    def show(self: LambdaFunction, *args: object, **kwargs: object) -> Configuration:
        told = original(self, *args, **kwargs)
        given = {name: value for name, value in self.image_config.response().items() if value}
        told.pop("ImageConfigResponse", None)
        return told | ({"ImageConfigResponse": {"ImageConfig": given}} if given else {})

    return show
