"""Checking what only a Map state has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.validation.expressions import check_jsonata, check_template
from shared.local.asl.validation.numbers import check_number
from shared.local.asl.validation.recovery import check_recovery

if TYPE_CHECKING:
    from shared.local.asl.reading import Spec
    from shared.local.asl.validation.problems import Problems

_BATCH_LIMITS = ("MaxItemsPerBatch", "MaxInputBytesPerBatch")
_NUMBERS = ("MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage")


def check_map(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    """Check a Map state: not the machine inside it."""
    processors = [name for name in ("ItemProcessor", "Iterator") if name in spec]
    if len(processors) != 1:
        problems.add("Exactly one of the fields [ItemProcessor, Iterator] is required", location)
    if "Parameters" in spec and "ItemSelector" in spec:
        problems.add("Only one of the fields [Parameters, ItemSelector] is allowed", location)
    for name in _NUMBERS:
        check_number(spec, name, problems, location, jsonata=jsonata)
    processor = spec[processors[0]] if processors else None
    config = processor.get("ProcessorConfig", {}) if isinstance(processor, dict) else {}
    where = f"{location}/{processors[0]}/ProcessorConfig" if processors else location
    if not problems.is_a(config, dict, "Object", where):
        return
    if config.get("Mode") == "DISTRIBUTED":
        if config.get("ExecutionType") not in ("STANDARD", "EXPRESS"):
            problems.add("ExecutionType must be one of [STANDARD, EXPRESS] when Mode is DISTRIBUTED", where)
    else:
        for name in ("ItemReader", "ItemBatcher", "ResultWriter"):
            if name in spec:
                problems.add(f"The field '{name}' is supported only when Mode is DISTRIBUTED", f"{location}/{name}")
    _check_reader(spec, problems, location, jsonata=jsonata)
    _check_writer(spec, problems, location, jsonata=jsonata)
    _check_batcher(spec, problems, location, jsonata=jsonata)
    check_recovery(spec, problems, location, jsonata=jsonata)


def _check_reader(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    reader, where = spec.get("ItemReader"), f"{location}/ItemReader"
    if not isinstance(reader, dict):
        return
    if "Resource" not in reader:
        problems.add("These fields are required: [Resource]", where)
    config = reader.get("ReaderConfig", {})
    if problems.is_a(config, dict, "Object", f"{where}/ReaderConfig"):
        check_number(config, "MaxItems", problems, f"{where}/ReaderConfig", jsonata=jsonata)
    _check_call(reader, problems, where, jsonata=jsonata)


def _check_writer(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    writer, where = spec.get("ResultWriter"), f"{location}/ResultWriter"
    if not isinstance(writer, dict):
        return
    if not {"Resource", "WriterConfig"} & writer.keys():
        problems.add("These fields are required: [Resource]", where)
    problems.is_a(writer.get("WriterConfig", {}), dict, "Object", f"{where}/WriterConfig")
    _check_call(writer, problems, where, jsonata=jsonata)


def _check_call(part: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    """Check what a reader or writer calls, and with what."""
    if "Resource" in part:
        problems.is_a(part["Resource"], str, "String", f"{location}/Resource")
    if jsonata:
        check_jsonata(part.get("Arguments"), problems, f"{location}/Arguments")
    else:
        check_template(part.get("Parameters"), problems, f"{location}/Parameters")


def _check_batcher(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    batcher, where = spec.get("ItemBatcher"), f"{location}/ItemBatcher"
    if not isinstance(batcher, dict):
        return
    check = check_jsonata if jsonata else check_template
    check(batcher.get("BatchInput"), problems, f"{where}/BatchInput")
    for name in _BATCH_LIMITS:
        check_number(batcher, name, problems, where, jsonata=jsonata)
    if not {*_BATCH_LIMITS, *(f"{name}Path" for name in _BATCH_LIMITS)} & batcher.keys():
        problems.add("At least one of the fields [MaxItemsPerBatch, MaxInputBytesPerBatch] is required", where)
