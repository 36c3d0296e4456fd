"""JSONata's own test suite, where a checkout of it is at hand: JSONATA_SUITE names its folder ``test/test-suite``.

Step Functions runs version 2.0.6, so that is the one to check out (github.com/jsonata-js/jsonata, tag v2.0.6).
"""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from shared.local.asl.budget import Budget
from shared.local.asl.errors import QueryFailure
from shared.local.asl.languages.jsonata_evaluator import Evaluator
from shared.local.asl.languages.jsonata_functions import functions
from shared.local.asl.languages.jsonata_parser import ExpressionSyntaxError, parse
from shared.local.asl.languages.jsonata_values import UNDEFINED, EvaluationError, Function

SUITE = Path(os.environ.get("JSONATA_SUITE", "/nonexistent"))
# $eval, which Step Functions does not have; AWS's limits of memory and depth; a number of 47 digits in words; and an
# array as whole input, which no workflow has.
ELSEWISE = {
    "range-operator/case021.json#0", "range-operator/case024.json#0", "tail-recursion/case001.json#0",
    "function-formatInteger/formatInteger.json#43", "function-string/case029.json#0",
}  # fmt: skip

pytestmark = pytest.mark.skipif(not SUITE.is_dir(), reason="JSONATA_SUITE names no checkout of JSONata's test suite")


def cases():
    for file in sorted(SUITE.glob("groups/*/*.json")):
        found = json.loads(file.read_text())
        for place, case in enumerate(found if isinstance(found, list) else [found]):
            name = f"{file.parent.name}/{file.name}#{place}"
            if file.parent.name != "function-eval" and name not in ELSEWISE:
                yield name, file.parent, case


def outcome(folder: Path, case: dict[str, Any]) -> Any:
    """Return the value of the expression of *case*, or the code of its error."""
    text = (folder / case["expr-file"]).read_text() if "expr-file" in case else case["expr"]
    data = case.get("data", UNDEFINED)
    if data is UNDEFINED and case.get("dataset") is not None:
        data = json.loads((SUITE / "datasets" / f"{case['dataset']}.json").read_text())
    try:
        evaluator = Evaluator(Budget(), Random(7), time.time())
        return evaluator.run(parse(text), functions(), case.get("bindings") or {}, data)
    except EvaluationError as error:
        return error.code
    except ExpressionSyntaxError as error:
        return str(error).partition(":")[0]
    except QueryFailure:
        return "U1001"


def same(found: Any, wanted: Any) -> bool:
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, (int, float)) and isinstance(wanted, (int, float)):
        return math.isclose(found, wanted, rel_tol=1e-15)
    if isinstance(found, list) and isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(found, dict) and isinstance(wanted, dict):
        known = {key: item for key, item in found.items() if not isinstance(item, Function)}
        return known.keys() == wanted.keys() and all(same(item, wanted[key]) for key, item in known.items())
    return bool(found == wanted)


def test_every_case_of_the_reference():
    wrong = []
    for name, folder, case in cases():
        found = outcome(folder, case)
        if case.get("undefinedResult"):
            right = found is UNDEFINED
        elif "result" in case:
            right = same(found, case["result"])
        else:
            right = found == (case.get("code") or case["error"]["code"])
        if not right:
            wrong.append((name, found))
    assert wrong == []
