"""The public surface of ``shared.fmi``: whole, lazy, and what everybody else uses."""

import ast
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from shared import fmi

ROOT = Path(__file__).parents[3]
TEXT = str(fmi.__doc__)
WITHOUT = "import sys, shared.fmi, shared.fmi.rendezvous.keys; sys.exit(bool({'numpy', 'asyncio'} & set(sys.modules)))"


def imported(path: Path) -> set[tuple[str, str]]:
    """Return (module, name) of all that *path* imports from modules of fmi."""
    found = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    return {(str(node.module), alias.name) for node in found for alias in node.names}


def test_every_public_name_can_be_imported() -> None:
    for name in fmi.__all__:
        home = getattr(getattr(fmi, name), "__module__", "shared.fmi.operators")
        assert home.startswith("shared.fmi."), name


def test_the_lists_of_names_agree() -> None:
    listed = [(f"shared.fmi.{module}", name) for module, names in fmi._HOMES.items() for name in names]
    assert sorted(name for _, name in listed) == sorted(fmi.__all__)
    assert {pair for pair in imported(Path(fmi.__file__)) if pair[0].startswith("shared.fmi.")} == set(listed)
    assert set(fmi.__all__) <= set(dir(fmi))


def test_every_error_and_every_operator_is_public() -> None:
    from shared.fmi import errors, operators

    raised = {name for name, value in vars(errors).items() if getattr(value, "__module__", "") == errors.__name__}
    combined = {name for name, value in vars(operators).items() if isinstance(value, operators.Op)}
    assert raised | combined <= set(fmi.__all__)


@pytest.mark.parametrize("name", ["Comunicator", "channels.link"])
def test_a_name_that_is_not_public_is_refused_by_name(name: str) -> None:
    with pytest.raises(AttributeError, match=f"no attribute '{name}'"):
        getattr(fmi, name)


def test_the_package_itself_loads_nothing_slow() -> None:
    assert subprocess.run([sys.executable, "-c", WITHOUT], cwd=ROOT, check=False).returncode == 0


def test_handlers_and_docs_use_the_public_names() -> None:
    users = [*ROOT.glob("shared/handlers/**/*.py"), *ROOT.glob("docs/**/*.py")]
    private = {
        f"{path.relative_to(ROOT)}: from {module} import {name}"
        for path in users
        for module, name in imported(path)
        if module.startswith("shared.fmi.") and name in fmi.__all__
    }
    assert not private


def test_the_packages_example_runs_and_prints_what_it_says(rendezvous: Any, tmp_path: Path) -> None:
    code = textwrap.dedent(TEXT.split("::\n", 1)[1].split("\nTwo ranks", 1)[0]).strip()
    assert len(code.splitlines()) == 6
    told = {"RENDEZVOUS_ENDPOINT": f"127.0.0.1:{rendezvous.port}", "RUN_ID": "example", "WORLD_SIZE": "2"}
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env={**os.environ, **told, "RANK": str(rank), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        )
        for rank in range(2)
    ]
    for rank in ranks:
        output, _ = rank.communicate(timeout=120)
        assert output.strip()
        assert f"``{output.strip()}``" in TEXT
