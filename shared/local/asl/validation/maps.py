"""Checking what only a Map state has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.local.asl.validation.expressions import check_jsonata, check_template
from shared.local.asl.validation.map_data import check_reader, check_writer
from shared.local.asl.validation.numbers import check_number
from shared.local.asl.validation.recovery import check_recovery

if TYPE_CHECKING:
    from shared.local.asl.reading import Spec
    from shared.local.asl.validation.problems import Problems

# The fields of an ItemBatcher that bound a batch, and the most that each may be, None for what has no such limit.
# Source: Step Functions Developer Guide, "ItemBatcher (Map)" (read 2026-11-30).
_BATCH_LIMITS = ("MaxItemsPerBatch", "MaxInputBytesPerBatch")
_NUMBERS = ("MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage")
_ONLY_DISTRIBUTED = ("ItemReader", "ItemBatcher", "ResultWriter")
# Source: Step Functions Developer Guide, "Map state in Distributed mode", field Label (read 2026-11-30); the codes are
# those of ValidateStateMachineDefinition.
LABEL_LETTERS = 40
_NO_LABEL_LETTER = re.compile(r'[\s?*<>{}\[\]:;,\\|^~$#%&`"\x00-\x1f\x7f-\x9f]')
INVALID_LABEL = "INVALID_LABEL_NAME"
DUPLICATE_LABEL = "DUPLICATE_LABEL_NAME"


def check_map(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    """Check a Map state: not the machine inside it."""
    processors = [name for name in ("ItemProcessor", "Iterator") if name in spec]
    if len(processors) != 1:
        problems.add("Exactly one of the fields [ItemProcessor, Iterator] is required", location)
    if "Parameters" in spec and "ItemSelector" in spec:
        problems.add("Only one of the fields [Parameters, ItemSelector] is allowed", location)
    for name in _NUMBERS:
        check_number(spec, name, problems, location, jsonata=jsonata)
    if "Label" in spec:
        _check_label(spec, problems, f"{location}/Label")
    processor = spec[processors[0]] if processors else None
    config = processor.get("ProcessorConfig", {}) if isinstance(processor, dict) else {}
    where = f"{location}/{processors[0]}/ProcessorConfig" if processors else location
    if not problems.is_a(config, dict, "Object", where):
        return
    problems.is_one_of(config, "Mode", ("INLINE", "DISTRIBUTED"), where)
    if config.get("Mode") == "DISTRIBUTED":
        if config.get("ExecutionType") not in ("STANDARD", "EXPRESS"):
            problems.add("ExecutionType must be one of [STANDARD, EXPRESS] when Mode is DISTRIBUTED", where)
    else:
        for name in _ONLY_DISTRIBUTED:
            if name in spec:
                problems.add(f"The field '{name}' is supported only when Mode is DISTRIBUTED", f"{location}/{name}")
    check_reader(spec, problems, location, jsonata=jsonata)
    check_writer(spec, problems, location, jsonata=jsonata)
    _check_batcher(spec, problems, location, jsonata=jsonata)
    check_recovery(spec, problems, location, jsonata=jsonata)


def _check_label(spec: Spec, problems: Problems, where: str) -> None:
    label = spec["Label"]
    if not problems.is_a(label, str, "String", where):
        return
    if not label or len(label) > LABEL_LETTERS:
        problems.add(f"A label must have 1 to {LABEL_LETTERS} letters: {label}", where, INVALID_LABEL)
    elif (wrong := _NO_LABEL_LETTER.search(label)) is not None:
        problems.add(f"A label must not have the letter {wrong.group()!r}: {label}", where, INVALID_LABEL)


def _check_batcher(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    batcher, where = spec.get("ItemBatcher"), f"{location}/ItemBatcher"
    if not isinstance(batcher, dict):
        return
    paths = () if jsonata else tuple(f"{name}Path" for name in _BATCH_LIMITS)
    for name in batcher:
        if name not in ("BatchInput", *_BATCH_LIMITS, *paths):
            problems.add(f"Field '{name}' is not supported", f"{where}/{name}")
    check = check_jsonata if jsonata else check_template
    check(batcher.get("BatchInput"), problems, f"{where}/BatchInput")
    for name in _BATCH_LIMITS:
        check_number(batcher, name, problems, where, jsonata=jsonata)
    if not {*_BATCH_LIMITS, *paths} & batcher.keys():
        problems.add("At least one of the fields [MaxItemsPerBatch, MaxInputBytesPerBatch] is required", where)
