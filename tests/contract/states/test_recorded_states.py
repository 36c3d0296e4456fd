"""TestState against answers recorded on AWS, which lie beside a checkout in ../shared/asl-conformance."""

import json
import re
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.contract.test_asl_conformance import parsed, same

CASES = Path(__file__).parents[4] / "shared" / "asl-conformance" / "teststate.json"
ROLE = "arn:aws:iam::123456789012:role/states"
# botocore's model of Lambda allows more MB by now than AWS's own schema did when this was recorded.
NEWER_MODEL = re.compile(r"integer_more_than_maximum_allowed")

pytestmark = pytest.mark.skipif(not CASES.is_file(), reason=f"the recordings are not beside this checkout ({CASES})")


def answered(states, request):
    try:
        answer = states.test_state(**request)
    except ClientError as error:
        return {"error": error.response["Error"]["Code"], "message": error.response["Error"]["Message"]}
    answer.pop("ResponseMetadata")
    return answer


def plain(answer):
    """Return an answer with every JSON text in it parsed, also where one account stands for another."""
    told = json.dumps(answer).replace("111111111111", "123456789012").replace('"start-date"', '"<start-date>"')
    return parsed(json.loads(told))


def test_recorded_states_are_answered_as_on_aws(cloud):
    cases = json.loads(CASES.read_text())
    cases = [case for case in cases if "lambda_func_{{" not in json.dumps(case["request"])]  # those call a function
    states, wrong = cloud.client("stepfunctions"), {}
    for case in cases:
        request = json.loads(
            json.dumps(case["request"]).replace("{{role}}", ROLE).replace("000000000000", "123456789012")
        )
        found = answered(states, request)
        if not same(plain(case["expected"]), plain(found)):
            wrong[case["id"]] = f"{found}\n  recorded {case['expected']}"
    unexpected = {name: what for name, what in wrong.items() if not NEWER_MODEL.search(name)}
    assert not unexpected, f"{len(cases) - len(wrong)}/{len(cases)}\n" + "\n".join(
        f"{k}: {v}" for k, v in unexpected.items()
    )
