"""Compiled modules in a function's code: what this machine cannot import is said by its file."""

import platform
import struct

import pytest

from shared.config.runtimes import MACHINE, machine_architecture
from shared.local.lambda_runtime import InvokeRefusedError, Layer
from shared.local.lambda_runtime.compiled import Compiled, compiled_in, why_not

X86, ARM = 0x3E, 0xB7
HERE = machine_architecture()
OTHER = "arm64" if HERE == "x86_64" else "x86_64"
MACHINES = {"x86_64": X86, "arm64": ARM}
TAG = MACHINE.removeprefix("python3.")


def elf(machine):
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 3, machine) + bytes(44)


def test_what_each_module_was_made_for_is_read_from_its_name_and_its_head(tmp_path):
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/fast.cpython-314-aarch64-linux-gnu.so").write_bytes(elf(ARM))
    (tmp_path / "stable.abi3.so").write_bytes(elf(X86))
    (tmp_path / "odd.cpython-312.so").write_bytes(b"text")
    (tmp_path / "libdata.so").write_bytes(elf(ARM))
    assert compiled_in(tmp_path) == (
        Compiled("odd.cpython-312.so", "python3.12", None),
        Compiled("pkg/fast.cpython-314-aarch64-linux-gnu.so", "python3.14", "arm64"),
        Compiled("stable.abi3.so", None, "x86_64"),
    )


@pytest.mark.parametrize(
    ("modules", "why"),
    [
        ([], ""),
        ([Compiled("a.abi3.so", None, "x86_64")], ""),
        ([Compiled("a.cpython-312.so", "python3.12", "x86_64")], ""),
        ([Compiled("a.cpython-312.so", "python3.12", None)], ""),
        (
            [Compiled("a.cpython-312-aarch64-linux-gnu.so", "python3.12", "arm64")],
            "a.cpython-312-aarch64-linux-gnu.so is compiled for arm64, and this machine is x86_64",
        ),
        (
            [Compiled("a.cpython-314.so", "python3.14", "x86_64")],
            "a.cpython-314.so is compiled for python3.14, and this machine would run it on python3.12",
        ),
        (
            [
                Compiled("a.cpython-312.so", "python3.12", "x86_64"),
                Compiled("a.cpython-314.so", "python3.14", "x86_64"),
            ],
            "",
        ),
    ],
)
def test_why_a_machine_cannot_import_them(modules, why):
    assert why_not(modules, "python3.12", "x86_64") == why


def test_the_machine_is_named_in_lambdas_words():
    assert {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), "x86_64") == HERE


def test_code_of_another_processor_is_refused_by_its_file_and_in_the_log(runtime, function, with_file, logs):
    name = f"fast.cpython-3{TAG}-other-linux-gnu.so"
    spec = with_file(function("def handler(event, context): return 1", architecture=OTHER), name, elf(MACHINES[OTHER]))
    said = f"{name} is compiled for {OTHER}, and this machine is {HERE}; on AWS f is {MACHINE} on {OTHER}"
    for _ in range(2):
        with pytest.raises(InvokeRefusedError, match=said) as refused:
            runtime.invoke(spec, b"{}")
        assert (refused.value.code, refused.value.status) == ("InvalidRuntimeException", 502)
    assert f"EMBEDDED {said}\n" in logs.messages


def test_pure_code_for_another_processor_runs(runtime, function):
    assert runtime.invoke(function("def handler(event, context): return 1", architecture=OTHER), b"{}").payload == b"1"


def test_a_layer_of_another_python_is_refused_where_that_one_is_not_here(runtime, function, with_file):
    layer = with_file(function(""), "python/fast.cpython-399-x.so", elf(MACHINES[HERE]))
    spec = function("def handler(event, context): return 1", layers=(Layer(layer.code_sha256, layer.code),))
    with pytest.raises(InvokeRefusedError, match=f"for python3.99, and this machine would run it on {MACHINE}"):
        runtime.invoke(spec, b"{}")
