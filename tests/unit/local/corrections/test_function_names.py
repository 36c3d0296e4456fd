"""Functions by partial ARN and by weighted alias."""

import base64
import io
import json
import zipfile

import pytest
from moto.awslambda.models import lambda_backends
from moto.core.base_backend import BackendDict
from moto.iam.models import iam_backends

from shared.local.corrections.function_names import functions_found_by_their_names
from shared.local.lambda_runtime.plug import _called

ACCOUNT, REGION = "123456789012", "us-east-1"


@pytest.fixture
def functions():
    iam_backends[ACCOUNT]["aws"].create_role("r", json.dumps({}), "/", None, "", [], None)
    with functions_found_by_their_names():
        yield lambda_backends[ACCOUNT][REGION]
    BackendDict.reset()


def code(text=""):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.py", text)
    return {"ZipFile": base64.b64encode(buffer.getvalue()).decode()}


def spec(**more):
    return {
        "FunctionName": "f",
        "Role": f"arn:aws:iam::{ACCOUNT}:role/r",
        "Handler": "a.b",
        "Runtime": "python3.12",
        "Code": code(),
        **more,
    }


@pytest.mark.parametrize(
    "name", ["f", f"{ACCOUNT}:function:f", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f", f"{ACCOUNT}:function:f:1"]
)
def test_a_function_is_found_by_each_of_its_names(functions, name):
    functions.create_function(spec())
    functions.publish_version("f")
    assert functions.get_function(name).function_name == "f"


def test_a_weighted_alias_shares_its_calls_and_another_does_not(functions):
    functions.create_function(spec())
    for text in ("one", "two"):
        functions.update_function_code("f", None, code(text))
        functions.publish_version("f")
    functions.create_alias("live", "f", "1", "", {"AdditionalVersionWeights": {"2": 0.5}})
    functions.create_alias("sure", "f", "1", "", None)
    assert {str(_called(functions, "f:live").version) for _ in range(200)} == {"1", "2"}
    assert {str(_called(functions, f"{ACCOUNT}:function:f", "live").version) for _ in range(200)} == {"1", "2"}
    assert {str(_called(functions, "f", "sure").version) for _ in range(20)} == {"1"}
    assert str(_called(functions, "f").version) == "$LATEST"
