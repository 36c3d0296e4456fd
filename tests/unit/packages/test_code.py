"""Which files of the project a package holds."""

import pytest

from shared import fmi
from shared.config.problems import Problems
from shared.packages.code import Workflow, read_code
from tests.helpers.project import REPOSITORY


@pytest.fixture
def names(own):
    """Return a function that reads the code of a workflow, and returns the zip's names and the problems."""

    def read(workflow=own):
        problems = Problems()
        code = read_code(workflow, problems)
        return sorted(code.files), [str(problem) for problem in problems.found]

    return read


def shared(root, *handlers):
    return Workflow("shared.stars", root, None, handlers, root / "statemachines/stars.requirements.txt")


def test_a_teams_folder_goes_in_whole_but_for_what_no_function_reads(names, write):
    here = "teams/words/count"
    for name in (
        "workflow.yaml", "workflow.asl.json", "requirements.txt", "requirements.lock", "requirements-dev.txt",
        "input.json", "tests/test_count.py", "sample/text.txt", ".hidden", ".git/config",
        "__pycache__/count.cpython-312.pyc", "inner/__pycache__/x.pyc", "old.pyc",
    ):  # fmt: skip
        write(f"{here}/{name}")
    for name in (
        "words.txt",
        "inner/split.py",
        "inner/tests/data.json",
        "workflow.py",
        "requirements_of.py",
        "requirements-a.csv",
    ):
        write(f"{here}/{name}")
    found = [
        "count.py",
        "inner/split.py",
        "inner/tests/data.json",
        "requirements-a.csv",
        "requirements_of.py",
        "words.txt",
        "workflow.py",
    ]
    assert names() == (found, [])


def test_of_shared_goes_in_what_is_imported_at_any_depth(names, write):
    write("teams/words/count/count.py", "def handler(e, c):\n    from shared.handlers.env import here\n")
    write("shared/handlers/__init__.py")
    write(
        "shared/handlers/env.py", "from shared.errors import LanesError\nif TYPE_CHECKING:\n    import shared.fmi.b\n"
    )
    write("shared/errors.py")
    write("shared/handlers/other.py")
    write("shared/fmi/b.py")
    write("teams/else/theirs/theirs.py")
    found, problems = names()
    assert found == ["count.py", "shared/__init__.py", "shared/errors.py", "shared/handlers/__init__.py",
                     "shared/handlers/env.py"]  # fmt: skip
    assert problems == []


def test_an_own_module_that_no_handler_imports_brings_what_it_imports(names, write):
    write("teams/words/count/plugin.py", "import shared.errors\n")
    write("shared/errors.py")
    assert "shared/errors.py" in names()[0]


def test_a_module_that_looks_for_files_gets_its_whole_folder(names, tmp_path, write):
    write("shared/handlers/stars/model.py", "MODEL = Path(__file__).with_name('net.onnx')\n")
    write("shared/handlers/stars/net.onnx")
    write("shared/handlers/stars/deep/layer.py", "import shared.errors\n")
    write("shared/handlers/stars/step.py", "from shared.handlers.stars import model\ndef handler(e, c): pass\n")
    write("shared/handlers/lone/step.py", "def handler(e, c): pass\n")
    write("shared/handlers/lone/notes.txt")
    write("shared/errors.py")
    found, _ = names(shared(tmp_path, "shared.handlers.stars.step.handler", "shared.handlers.lone.step.handler"))
    assert {"shared/handlers/stars/net.onnx", "shared/handlers/stars/deep/layer.py", "shared/errors.py"} <= set(found)
    assert "shared/handlers/lone/notes.txt" not in found


LAZY = """
if TYPE_CHECKING:
    from shared.fmi.communicator import Communicator
    from shared.fmi.health import check
def __getattr__(name): ...
"""


@pytest.mark.parametrize(
    ("source", "brings"),
    [
        ("from shared.fmi import check", ["health"]),
        ("from shared.fmi import check, Communicator", ["communicator", "health"]),
        ("from shared import fmi", ["communicator", "health"]),
        ("import shared.fmi", ["communicator", "health"]),
        ("from shared.fmi import *", ["communicator", "health"]),
        ("import shared.errors", []),
    ],
)
def test_a_name_of_a_package_that_loads_them_lazily_is_followed(names, write, source, brings):
    write("teams/words/count/count.py", f"{source}\ndef handler(e, c): pass\n")
    write("shared/fmi/__init__.py", LAZY)
    write("shared/errors.py")
    for name in ("communicator", "health"):
        write(f"shared/fmi/{name}.py")
    found = [name.removeprefix("shared/fmi/").removesuffix(".py") for name in names()[0] if "/fmi/" in name]
    assert [name for name in found if name != "__init__"] == brings


def test_a_program_of_fmi_script_finds_all_that_fmi_offers():
    """Its imports are nobody's handler's: the package must hold the public surface, and the bindings' own names."""
    handlers = tuple(
        f"shared.handlers.{step}.handler" for step in ("fmi_script.init", "fmi_script.execute", "fmi.check")
    )
    problems = Problems()
    files = read_code(shared(REPOSITORY, *handlers), problems).files
    homes = {f"shared/fmi/{home.replace('.', '/')}.py" for home in fmi._HOMES}
    assert homes <= files.keys()
    assert {"shared/fmi/compat/fmi/__init__.py", "shared/fmi/compat/fmilib/fmi_operations.py"} <= files.keys()
    assert problems.found == []


def test_what_is_not_for_functions_and_what_is_not_there_is_named_with_its_line(names, write):
    source = "import shared.config\nfrom shared import deploy\nfrom shared.fmi.gaet import x\n"
    write("teams/words/count/count.py", f"{source}def handler(e, c): pass\n")
    write("shared/config/__init__.py")
    assert [line.partition(" (")[0] for line in names()[1]] == [
        "teams/words/count/count.py:1: shared.config is not for functions",
        "teams/words/count/count.py:2: shared.deploy is not for functions",
        "teams/words/count/count.py:3: there is no shared.fmi.gaet",
    ]


def test_a_module_that_cannot_be_parsed_is_named_with_its_line(names, write):
    write("teams/words/count/count.py", "import broken\ndef handler(e, c): pass\n")
    write("teams/words/count/broken.py", "x = 1\nprint 'x'\n")
    ((problem,),) = [names()[1]]
    assert problem.startswith("teams/words/count/broken.py:2: this is no Python: ")


def test_links_are_followed_within_the_folder_and_never_for_ever(names, tmp_path, write):
    write("teams/words/count/inner/split.py")
    (tmp_path / "teams/words/count/again").symlink_to(tmp_path / "teams/words/count/inner")
    (tmp_path / "teams/words/count/inner/loop").symlink_to(tmp_path / "teams/words/count")
    assert names()[0] == ["again/split.py", "count.py", "inner/split.py"]
