"""Checking what a distributed Map reads and writes: ItemReader and ResultWriter.

Source: Step Functions Developer Guide, "ItemReader (Map)" and "ResultWriter (Map)" (read 2026-11-30). AWS's words for a
value that is none of those allowed, and for another Resource, are those that github.com/floci-io/floci (pull request
1588) has of AWS; no recorded answer tells the others.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.local.asl.languages.jsonata import is_expression
from shared.local.asl.maps.delimited import DELIMITERS, HEADER_BYTES
from shared.local.asl.maps.parquet import installed
from shared.local.asl.validation.expressions import check_jsonata, check_template
from shared.local.asl.validation.numbers import check_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.local.asl.reading import Spec
    from shared.local.asl.validation.problems import Problems
    from shared.values import Json

_RESOURCE = re.compile(r"arn:[a-z-]+:states:::s3:(getObject|listObjectsV2|putObject)")
_GIVEN = ("Arguments", "Parameters")
_INPUT_TYPES = ("MANIFEST", "JSON", "CSV", "JSONL", "PARQUET")
_ATHENA_TYPES = ("CSV", "JSONL", "PARQUET")
# What a ReaderConfig may have, and the values that are allowed, None for those that are looked at one by one.
_CONFIG: dict[str, tuple[str, ...] | None] = {
    "InputType": _INPUT_TYPES,
    "Transformation": ("NONE", "LOAD_AND_FLATTEN"),
    "ManifestType": ("ATHENA_DATA", "S3_INVENTORY"),
    "CSVDelimiter": tuple(DELIMITERS),
    "CSVHeaderLocation": ("FIRST_ROW", "GIVEN"),
    "CSVHeaders": None,
    "ItemsPointer": None,
    "MaxItems": None,
}
_WRITER_CONFIG = {"OutputType": ("JSON", "JSONL"), "Transformation": ("NONE", "COMPACT", "FLATTEN")}
# What each action must be given, and may be given.
_MUST = {"getObject": ("Bucket", "Key"), "listObjectsV2": ("Bucket",), "putObject": ("Bucket",)}
_MAY = {
    "getObject": ("VersionId", "ExpectedBucketOwner"),
    "listObjectsV2": ("Prefix", "StartAfter", "Delimiter", "MaxKeys", "ExpectedBucketOwner"),
    "putObject": ("Prefix",),
}
# What S3's API has beside, which is not passed on here.
_NOT_PASSED_ON = {
    "getObject": (
        "ChecksumMode", "IfMatch", "IfModifiedSince", "IfNoneMatch", "IfUnmodifiedSince", "PartNumber", "Range",
        "RequestPayer", "SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5",
    ),
    "listObjectsV2": ("ContinuationToken", "EncodingType", "FetchOwner", "OptionalObjectAttributes", "RequestPayer"),
    "putObject": (),
}  # fmt: skip


def check_reader(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    """Check the ItemReader of a Map state, if it has one."""
    reader, where = spec.get("ItemReader"), f"{location}/ItemReader"
    if not isinstance(reader, dict):
        return
    _check_names(reader, ("Resource", "ReaderConfig", *_GIVEN), problems, where)
    action = _check_call(reader, problems, where, ("getObject", "listObjectsV2"), jsonata=jsonata)
    if "Resource" not in reader:
        problems.add("These fields are required: [Resource]", where)
    if action == "getObject" and "ReaderConfig" not in reader:
        problems.add("These fields are required: [ReaderConfig]", where)
        return
    config, place = reader.get("ReaderConfig", {}), f"{where}/ReaderConfig"
    if not problems.is_a(config, dict, "Object", place):
        return
    paths = () if jsonata else ("MaxItemsPath",)
    _check_names(config, (*_CONFIG, *paths), problems, place)
    check_number(config, "MaxItems", problems, place, jsonata=jsonata)
    if _check_values(config, _CONFIG, problems, place) and action is not None:
        _check_kind(config, action, problems, place)
        _check_columns(config, problems, place)
        if config.get("InputType") == "PARQUET":
            _check_parquet(reader, problems, where, jsonata=jsonata)


def _check_kind(config: Spec, action: str, problems: Problems, where: str) -> None:
    """Check that the InputType, the Transformation and the ManifestType go together, and with the *action*."""
    kind, flattens = config.get("InputType"), config.get("Transformation") == "LOAD_AND_FLATTEN"
    if action == "getObject":
        _check_one(config, problems, where)
    elif "ManifestType" in config:
        problems.add("The field 'ManifestType' is supported only for s3:getObject", f"{where}/ManifestType")
    elif flattens and kind is None:
        problems.add("These fields are required: [InputType]", where)
    elif flattens and kind == "MANIFEST":
        _add_unlike("InputType", _INPUT_TYPES[1:], problems, where)
    pointer = config.get("ItemsPointer", "")
    if not problems.is_a(pointer, str, "String", f"{where}/ItemsPointer"):
        return
    if "ItemsPointer" in config and kind != "JSON":
        problems.add("The field 'ItemsPointer' is supported only when InputType is JSON", f"{where}/ItemsPointer")
    elif pointer and not pointer.startswith("/"):
        problems.add("Value is not a valid JSON pointer", f"{where}/ItemsPointer")


def _check_one(config: Spec, problems: Problems, where: str) -> None:
    """Check the kind of one object, which s3:getObject reads."""
    kind, manifest = config.get("InputType"), config.get("ManifestType")
    if config.get("Transformation") == "LOAD_AND_FLATTEN":
        what = "The field 'Transformation' may be LOAD_AND_FLATTEN only for s3:listObjectsV2"
        problems.add(what, f"{where}/Transformation")
    if kind is None and manifest != "S3_INVENTORY":
        problems.add("These fields are required: [InputType]", where)
    elif kind is not None and manifest == "S3_INVENTORY":
        what = "The field 'InputType' is not supported when ManifestType is S3_INVENTORY"
        problems.add(what, f"{where}/InputType")
    elif manifest == "ATHENA_DATA" and kind not in _ATHENA_TYPES:
        _add_unlike("InputType", _ATHENA_TYPES, problems, where)


def _check_columns(config: Spec, problems: Problems, where: str) -> None:
    """Check what names the columns of a text delimited file. Of other files it says nothing, and AWS takes it there."""
    place = config.get("CSVHeaderLocation")
    if config.get("InputType") == "CSV" and place is None:
        problems.add("These fields are required: [CSVHeaderLocation]", where)
    if place == "GIVEN" and "CSVHeaders" not in config:
        problems.add("These fields are required: [CSVHeaders]", where)
    headers, where = config.get("CSVHeaders"), f"{where}/CSVHeaders"
    if headers is None or not problems.is_a(headers, list, "Array", where):
        return
    for number, header in enumerate(headers):
        problems.is_a(header, str, "String", f"{where}[{number}]")
    if not headers:
        problems.add("Array is too short, minimum is 1", where)
    if sum(len(str(header).encode()) for header in headers) > HEADER_BYTES:
        problems.add(f"CSV headers must not be larger than {HEADER_BYTES} bytes", where)


def _check_parquet(reader: Spec, problems: Problems, where: str, *, jsonata: bool) -> None:
    if not installed():
        fix = "install pyarrow, which is teamlanes' extra parquet"
        problems.not_here(f"{where}/ReaderConfig/InputType", "read PARQUET files without pyarrow", fix)
    given = reader.get("Arguments" if jsonata else "Parameters")
    if isinstance(given, dict) and {"VersionId", "VersionId.$"} & given.keys():
        problems.add("The field 'VersionId' is not supported when InputType is PARQUET", where)


def check_writer(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    """Check the ResultWriter of a Map state, if it has one."""
    writer, where = spec.get("ResultWriter"), f"{location}/ResultWriter"
    if not isinstance(writer, dict):
        return
    given = "Arguments" if jsonata else "Parameters"
    _check_names(writer, ("Resource", "WriterConfig", *_GIVEN), problems, where)
    _check_call(writer, problems, where, ("putObject",), jsonata=jsonata)
    if "Resource" not in writer and ("WriterConfig" not in writer or given in writer):
        problems.add("These fields are required: [Resource]", where)
    config, place = writer.get("WriterConfig", {}), f"{where}/WriterConfig"
    if not problems.is_a(config, dict, "Object", place):
        return
    _check_names(config, _WRITER_CONFIG, problems, place)
    _check_values(config, _WRITER_CONFIG, problems, place)
    if config.get("OutputType") == "JSONL" and "Resource" not in writer:
        what, fix = "give a state's output as JSON Lines", "use OutputType JSON, or export the results to S3"
        problems.not_here(f"{place}/OutputType", what, fix)


def _check_call(part: Spec, problems: Problems, where: str, actions: tuple[str, ...], *, jsonata: bool) -> str | None:
    """Check what a reader or writer calls, one of these *actions*, and with what; return the action if it is one."""
    given, foreign = ("Arguments", "Parameters") if jsonata else ("Parameters", "Arguments")
    if foreign in part:
        language = "JSONata" if jsonata else "JSONPath"
        what = f"The field '{foreign}' is not supported when the QueryLanguage is {language}"
        problems.add(what, f"{where}/{foreign}")
    arguments = part.get(given)
    (check_jsonata if jsonata else check_template)(arguments, problems, f"{where}/{given}")
    resource = part.get("Resource")
    if resource is None or not problems.is_a(resource, str, "String", f"{where}/Resource"):
        return None
    found = _RESOURCE.fullmatch(resource)
    if found is None or found.group(1) not in actions:
        allowed = ", ".join(f"arn:<partition>:states:::s3:{action}" for action in actions)
        what = f"The field 'Resource' does not match any of the allowed values. Examples: [{allowed}]"
        problems.add(what, f"{where}/Resource")
        return None
    if arguments is None:
        problems.add(f"These fields are required: [{given}]", where)
    elif not (jsonata and is_expression(arguments)) and problems.is_a(arguments, dict, "Object", f"{where}/{given}"):
        _check_arguments(arguments, found.group(1), problems, f"{where}/{given}", jsonata=jsonata)
    return found.group(1)


def _check_arguments(given: Spec, action: str, problems: Problems, where: str, *, jsonata: bool) -> None:
    names = {name if jsonata else name.removesuffix(".$"): name for name in given}
    missing = [name for name in _MUST[action] if name not in names]
    if missing:
        problems.add(f"These fields are required: [{', '.join(missing)}]", where)
    for name, written in names.items():
        if name in _NOT_PASSED_ON[action]:
            problems.not_here(f"{where}/{written}", f"pass '{name}' on to S3 from an ItemReader", "leave it out")
        elif name not in (*_MUST[action], *_MAY[action]):
            problems.add(f"Field '{name}' is not supported", f"{where}/{written}")


def _check_names(part: Spec, known: Iterable[str], problems: Problems, where: str) -> None:
    for name in part:
        if name not in known:
            problems.add(f"Field '{name}' is not supported", f"{where}/{name}")


def _check_values(
    part: Spec, allowed: dict[str, tuple[str, ...] | None] | dict[str, tuple[str, ...]], problems: Problems, where: str
) -> bool:
    """Check the fields of *part* that are one of a few texts; tell whether all are."""
    fine = True
    for name, values in allowed.items():
        value: Json = part.get(name)
        if name not in part or values is None:
            continue
        if not problems.is_a(value, str, "String", f"{where}/{name}"):
            fine = False
        elif value not in values:
            _add_unlike(name, values, problems, where)
            fine = False
    return fine


def _add_unlike(name: str, values: tuple[str, ...], problems: Problems, where: str) -> None:
    problems.add(f"The field '{name}' should have one of these values: [{', '.join(values)}]", f"{where}/{name}")
