"""AWS::Lambda::Function: code in the template or in S3, and every setting that the embedded Lambda keeps.

Source: AWS CloudFormation Template Reference, AWS::Lambda::Function and "Code" (read 2026-11-30).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared.local.stacks.kinds.kind import Kind, Properties, ResourceFailed, Work, only, tags_of
from shared.local.stacks.kinds.missing import gone_already
from shared.local.stacks.shapes import Property, made_of, members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.values import Json

_NAME = 64
_INLINE = 4 * 1024 * 1024  # characters that the code in a template may have
_CREATE = "lambda.CreateFunction"
_CONFIGURATION = (
    "Description DeadLetterConfig Environment EphemeralStorage Handler ImageConfig Layers LoggingConfig MemorySize "
    "Role Runtime Timeout TracingConfig VpcConfig"
)
_SETTINGS = (*_CONFIGURATION.split(), "KmsKeyArn")
_UNSET: dict[str, Any] = {  # what a setting is that the template no longer has
    "Description": "",
    "DeadLetterConfig": {"TargetArn": ""},
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "ImageConfig": {},
    "KmsKeyArn": "",
    "Layers": [],
    "MemorySize": 128,
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
}


class Function(Kind):
    """A function. Its name and its package type stay; code and settings are changed in place."""

    type = "AWS::Lambda::Function"
    properties = {
        **members("lambda", "CreateFunction", _CONFIGURATION, replaces="FunctionName PackageType"),
        "Architectures": Property(f"{_CREATE}.Architectures"),
        "Code": made_of(
            {
                "ZipFile": "string",
                "S3Bucket": "string",
                "S3Key": "string",
                "S3ObjectVersion": "string",
                "ImageUri": "string",
            }
        ),
        "KmsKeyArn": Property(f"{_CREATE}.KMSKeyArn"),
        "ReservedConcurrentExecutions": Property("lambda.PutFunctionConcurrency.ReservedConcurrentExecutions"),
        "SnapStart": Property(f"{_CREATE}.SnapStart"),
        "Tags": Property("dynamodb.CreateTable.Tags"),
    }
    required = ("Code", "Role")
    attributes = ("Arn",)
    named_by = "FunctionName"

    def check(self, wanted: Properties) -> Iterator[str]:
        """Yield ways to log and to start that this cloud has not."""
        logging = wanted.get("LoggingConfig")
        if isinstance(logging, Mapping):
            levels = ("ApplicationLogLevel", "SystemLogLevel")
            yield from (f"LoggingConfig.{name}" for name in levels if logging.get(name, "INFO") != "INFO")
        start = wanted.get("SnapStart")
        if isinstance(start, Mapping) and start.get("ApplyOn") != "None":
            yield "SnapStart"

    def create(self, work: Work, wanted: Properties) -> str:
        """Make it."""
        name = str(wanted.get("FunctionName") or work.generated(_NAME))
        functions = work.client("lambda")
        functions.create_function(
            FunctionName=name,
            Code=_code(work, wanted),
            **only(wanted, "Architectures", "PackageType"),
            **_renamed(only(wanted, *_SETTINGS)),
            **({"Tags": tags_of(wanted)} if tags_of(wanted) else {}),
        )
        if "ReservedConcurrentExecutions" in wanted:
            try:
                functions.put_function_concurrency(
                    FunctionName=name, ReservedConcurrentExecutions=wanted["ReservedConcurrentExecutions"]
                )
            except BaseException:
                functions.delete_function(FunctionName=name)
                raise
        return name

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Change code and settings, each only where it differs."""
        functions = work.client("lambda")
        code = only(wanted, "Code", "Architectures")
        if code != only(have, "Code", "Architectures"):
            place = {key: value for key, value in _code(work, wanted).items() if key != "SourceKMSKeyArn"}
            functions.update_function_code(
                FunctionName=physical, Architectures=wanted.get("Architectures", ["x86_64"]), **place
            )
        settings = _changed(have, wanted)
        if settings:
            functions.update_function_configuration(FunctionName=physical, **_renamed(settings))
            _see_that_it_was_kept(functions.get_function_configuration(FunctionName=physical), settings)
        _limit(functions, physical, have, wanted)
        _retag(work, physical, tags_of(have), tags_of(wanted))

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it with all its versions."""
        with gone_already():
            work.client("lambda").delete_function(FunctionName=physical)

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its ARN."""
        return {"Arn": work.arn("lambda", f"function:{physical}")}


_FILES = {"python": "index.py", "nodejs": "index.js"}


def _code(work: Work, wanted: Properties) -> dict[str, Any]:
    """Return where a function's code is, as Lambda's API takes it; that in the template is zipped."""
    code = wanted["Code"]
    if not isinstance(code, Mapping):
        raise _wrong_code(work, "#/Code: expected type: JSONObject")
    ways = [way for way in ("ZipFile", "S3Bucket", "ImageUri") if way in code]
    if len(ways) != 1:
        raise _wrong_code(work, "#/Code: exactly one of ZipFile, S3Bucket, ImageUri must be given")
    if ways == ["S3Bucket"] and "S3Key" not in code:
        raise _wrong_code(work, "#/Code: required key [S3Key] not found")
    if ways != ["ZipFile"]:
        return dict(only(code, "S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri"))
    text = code["ZipFile"]
    if not isinstance(text, str) or len(text) > _INLINE:
        raise _wrong_code(work, f"#/Code/ZipFile: expected type: String of at most {_INLINE} characters")
    runtime = str(wanted.get("Runtime", ""))
    file = next((file for prefix, file in _FILES.items() if runtime.startswith(prefix)), None)
    if file is None:
        raise ResourceFailed(
            f"ZipFile can only be used when Runtime is set to either of nodejs, python; not {runtime!r}"
        )
    return {"ZipFile": _zipped(file, text)}


def _wrong_code(work: Work, what: str) -> ResourceFailed:
    return ResourceFailed(f"Properties validation failed for resource {work.name} with message:\n{what}")


def _zipped(file: str, text: str) -> bytes:
    """Return a zip with one file, the same bytes for the same text."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(file)
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, text)
    return buffer.getvalue()


def _renamed(settings: Mapping[str, Json]) -> dict[str, Any]:
    """Return *settings* by the API's names: only the key's is spelt otherwise in templates."""
    return {"KMSKeyArn" if name == "KmsKeyArn" else name: value for name, value in settings.items()}


def _changed(have: Properties, wanted: Properties) -> dict[str, Any]:
    changed: dict[str, Any] = {
        name: wanted[name] for name in _SETTINGS if name in wanted and wanted[name] != have.get(name)
    }
    gone = [name for name in _SETTINGS if name in have and name not in wanted]
    return changed | {name: _UNSET[name] for name in gone if name in _UNSET}


def _see_that_it_was_kept(told: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    """Raise if Lambda did not keep what it was told: moto drops some settings without a word."""
    tracing = settings.get("TracingConfig")
    lost = []
    if tracing and told.get("TracingConfig", {}).get("Mode", "PassThrough") != tracing.get("Mode", "PassThrough"):
        lost.append("TracingConfig")
    if "KmsKeyArn" in settings and (told.get("KMSKeyArn") or "") != settings["KmsKeyArn"]:
        lost.append("KmsKeyArn")
    image = settings.get("ImageConfig")
    if image and (told.get("ImageConfigResponse") or {}).get("ImageConfig") != image:
        lost.append("ImageConfig")
    if lost:
        raise ResourceFailed(
            f"the embedded cloud's Lambda does not change {', '.join(lost)} of a function; make a new one"
        )


def _limit(functions: Any, name: str, have: Properties, wanted: Properties) -> None:
    reserved = wanted.get("ReservedConcurrentExecutions")
    if reserved == have.get("ReservedConcurrentExecutions"):
        return
    if reserved is None:
        functions.delete_function_concurrency(FunctionName=name)
    else:
        functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=reserved)


def _retag(work: Work, name: str, have: dict[str, str], wanted: dict[str, str]) -> None:
    arn = work.arn("lambda", f"function:{name}")
    gone = sorted(set(have) - set(wanted))
    new = {key: value for key, value in wanted.items() if have.get(key) != value}
    if gone:
        work.client("lambda").untag_resource(Resource=arn, TagKeys=gone)
    if new:
        work.client("lambda").tag_resource(Resource=arn, Tags=new)


KINDS: tuple[Kind, ...] = (Function(),)
