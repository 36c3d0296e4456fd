"""The example program of ``import fmi``, run as its docstring says, prints what its docstring shows."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from shared.fmi.compat import python_path

PROGRAM = Path(__file__).parents[3] / "docs" / "examples" / "fmi_ranks.py"
RANKS = 4


def without_how(line: str) -> str:
    """Return *line* without how the connection ended: closed, or reset if the rank died with bytes unread."""
    return re.sub(r"its connection (closed|broke: .*)$", "", line)


def test_four_ranks_add_up_and_three_of_them_name_the_one_that_died(rendezvous: Any, tmp_path: Path) -> None:
    told = {
        "RENDEZVOUS_ENDPOINT": f"127.0.0.1:{rendezvous.port}",
        "WORLD_SIZE": str(RANKS),
        "PYTHONPATH": python_path(),
    }
    ranks = [
        subprocess.Popen(
            [sys.executable, PROGRAM],
            env={**os.environ, **told, "RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=tmp_path,
        )
        for rank in range(RANKS)
    ]
    said = [line for rank in ranks for line in rank.communicate(timeout=120)[0].splitlines()]
    text = ast.get_docstring(ast.parse(PROGRAM.read_text())) or ""
    shown = [line[4:] for line in text.splitlines() if line.startswith("    ") and not line.startswith("    $")]
    assert sorted(map(without_how, said)) == sorted(map(without_how, shown[1:]))  # the first line is the server's
    assert [rank.returncode for rank in ranks] == [1, 1, 1, 137]
