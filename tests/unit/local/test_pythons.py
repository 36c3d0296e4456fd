"""Which Python a function runs on: its runtime's, if the machine has it and the function has its own libraries."""

import sys

import pytest

from shared.config.runtimes import MACHINE, RUNTIME_MODULES
from shared.local.pythons import Python, find_python, other_python, runtime_here

OTHER = "python3.14" if MACHINE != "python3.14" else "python3.13"
COMMAND = f"/opt/{OTHER}"


def told(version=OTHER, modules=RUNTIME_MODULES):
    origins = {name: f"/opt/lib/{name}/__init__.py" for name in modules} | {"six": "/opt/lib/six.py"}
    return {"version": version, "prefixes": ["/opt", "/opt"], "origins": origins}


def found(answer, command=COMMAND):
    return find_python(OTHER, which=lambda _: command, ask=lambda *_: answer)


def test_an_interpreter_is_used_with_its_own_runtime_client():
    python = found(told())
    assert isinstance(python, Python)
    assert python.command == COMMAND
    assert str(python.modules["awslambdaric"]) == "/opt/lib/awslambdaric"
    assert str(python.modules["six"]) == "/opt/lib/six.py"


@pytest.mark.parametrize(
    ("answer", "command", "why"),
    [
        (None, None, f"there is no {OTHER} on the PATH"),
        (None, COMMAND, f"{COMMAND} does not start a {OTHER}"),
        (told(version="python3.1"), COMMAND, f"{COMMAND} does not start a {OTHER}"),
        (told(modules=["boto3"]), COMMAND, f"{COMMAND} has no awslambdaric ({COMMAND} -m pip install awslambdaric)"),
        (told(modules=["awslambdaric"]), COMMAND, f"{COMMAND} has no awslambdaric"),
    ],
)
def test_why_there_is_none_is_told_with_the_way_to_have_one(answer, command, why):
    assert str(found(answer, command)).startswith(why)


def test_this_machines_own_python_answers_for_itself():
    python = find_python(MACHINE, which=lambda _: sys.executable)
    assert isinstance(python, Python)
    assert python.modules["awslambdaric"].is_dir()
    assert python.modules["runtime_client"].is_file()


def test_a_command_that_is_no_python_is_none(tmp_path):
    script = tmp_path / OTHER
    script.write_text("#!/bin/sh\nexit 1\n")
    script.chmod(0o755)
    assert find_python(OTHER, which=lambda _: str(script)) == f"{script} does not start a {OTHER}"


def test_what_is_said_of_functions_of_another_runtime():
    assert other_python(MACHINE) == ""
    assert other_python(OTHER, find=lambda _: found(told())).startswith(f"functions run on {COMMAND}")
    assert other_python(OTHER, find=lambda _: "why not").endswith(f"run on {MACHINE}: why not")


def test_a_package_is_for_the_python_that_will_run_it():
    assert runtime_here(MACHINE, find=lambda _: "never asked") == MACHINE
    assert runtime_here(OTHER, find=lambda _: found(told())) == OTHER
    assert runtime_here(OTHER, find=lambda _: "why not") == MACHINE
