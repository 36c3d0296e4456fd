"""A mistake in a card or in naming.yaml is told with its place. The mistakes are in wrong_files.txt, one a row."""

from pathlib import Path

import pytest

TEMPLATES = {"naming.yaml": set(), "statemachines/stars.yaml": {"statemachines/stars.asl.json"}}
"""By file, where a mistake in it may show as well."""


def cases():
    file = ""
    for line in Path(__file__).with_name("wrong_files.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            file = line.strip("[]")
        elif line and not line.startswith("#"):
            name, edit, problem = line.replace("\\n", "\n").split(" | ")
            old, _, new = edit.partition(" => ")
            yield pytest.param(file, old, new, problem.strip(), id=name.strip())


@pytest.mark.parametrize(("file", "old", "new", "problem"), [*cases()])
def test_what_is_wrong_is_told_with_its_place(files, file, old, new, problem):
    files.edit(file, old, new)
    problems = files.problems()
    assert any(problem in each for each in problems), problems
    assert {each.partition(":")[0] for each in problems} - TEMPLATES[file] == {file}
