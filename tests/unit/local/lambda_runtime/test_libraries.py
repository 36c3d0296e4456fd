"""A function can import its own code, what Lambda's runtime has, and the libraries in its zip; nothing else."""

import json
import sys
from pathlib import Path

import pytest

from shared.local.lambda_runtime.libraries import RUNTIME, interpreter, search_path

FIND = """
import importlib.util
def handler(event, context):
    return [name for name in event if importlib.util.find_spec(name)]
"""
ASKED = ["boto3", "botocore", "awslambdaric", "dateutil", "six", "typer", "pytest", "moto", "numpy", "yaml", "shared"]
OF_LAMBDA = ["boto3", "botocore", "awslambdaric", "dateutil", "six"]


def call(runtime, spec, event):
    invocation = runtime.invoke(spec, json.dumps(event).encode())
    assert invocation.function_error is None, invocation.payload
    return json.loads(invocation.payload)


def test_a_function_sees_its_zip_and_what_lambda_brings(runtime, function):
    assert call(runtime, function(FIND), ASKED) == OF_LAMBDA


def test_a_library_in_the_zip_is_found_whatever_is_installed_here(runtime, function, with_file):
    spec = with_file(function("import numpy\ndef handler(e, c): return numpy.where\n"), "numpy.py", "where = 'zip'\n")
    assert call(runtime, spec, {}) == "zip"


def test_what_is_missing_is_told_in_lambdas_words(runtime, function):
    answer = json.loads(runtime.invoke(function("import typer\ndef handler(e, c): pass"), b"{}").payload)
    assert answer["errorType"] == "Runtime.ImportModuleError"
    assert answer["errorMessage"] == "Unable to import module 'app': No module named 'typer'"


DOORS = {
    "a subprocess": "subprocess.run([sys.executable, '-c', 'import typer'], capture_output=True).returncode == 0",
    "python of PATH": "subprocess.run(['python', '-c', 'import typer'], capture_output=True).returncode == 0",
    "python3 of PATH": "subprocess.run(['python3', '-c', 'import typer'], capture_output=True).returncode == 0",
    "metadata": "'typer' in {d.name for d in importlib.metadata.distributions()}",
    "the path of a package": "any(importlib.util.find_spec('boto3').submodule_search_locations[0].startswith(p)"
    " for p in [event['purelib']])",
    "sys.path": "any(p.startswith((event['purelib'], event['checkout'])) for p in sys.path)",
    "sys.prefix": "sys.prefix == event['prefix']",
    "what lies beside": "'typer' in os.listdir(os.path.dirname(os.path.dirname(boto3.__file__)))",
    "PYTHONPATH": "event['checkout'] in os.environ['PYTHONPATH'].split(':')",
    "the site module": "site.main() or importlib.util.find_spec('typer') is not None",
    "PATH": "any(p.startswith(event['prefix']) for p in os.environ['PATH'].split(':'))",
}


@pytest.mark.parametrize("door", DOORS)
def test_no_door_leads_to_this_projects_packages(door, runtime, function):
    source = (
        "import importlib.metadata, importlib.util, os, site, subprocess, sys, boto3\n"
        f"def handler(event, context):\n    return bool({DOORS[door]})\n"
    )
    purelib = next(path for path in sys.path if path.endswith("site-packages"))
    checkout = str(Path(__file__).parents[4])
    event = {"purelib": purelib, "checkout": checkout, "prefix": sys.prefix}
    assert call(runtime, function(source, timeout=60), event) is False


def test_metadata_shows_what_lambda_has(runtime, function):
    source = (
        "import importlib.metadata as m\ndef handler(e, c):\n    return sorted({d.name for d in m.distributions()})\n"
    )
    assert call(runtime, function(source), {}) == sorted(RUNTIME)


def test_exit_is_there_as_on_lambda(runtime, function):
    assert call(runtime, function("def handler(e, c): return callable(exit)\n"), {}) is True


def test_the_interpreter_is_not_the_environments():
    assert Path(interpreter()).is_relative_to(sys.base_prefix)


def test_the_search_path_leaves_the_environments_programs_out(monkeypatch):
    monkeypatch.setenv("PATH", f"{sys.prefix}/bin:/usr/bin")
    assert search_path() == "/usr/bin"
