"""Which lines of a workflow's requirements are taken."""

import pytest

from shared.config.problems import Problems
from shared.packages.requirements import read_pins, read_requirements
from shared.packages.target import Target

NEW, OLD = Target("python3.14", "arm64"), Target("python3.11")


@pytest.fixture
def read(tmp_path, write):
    def make(text):
        problems = Problems()
        found = read_requirements(write("teams/a/b/requirements.txt", text), tmp_path, problems)
        return found, [str(problem) for problem in problems.found]

    return make


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("-e .", "the option -e is not taken"),
        ("--editable=../x", "the option --editable is not taken"),
        ("-r more.txt", "the option -r is not taken"),
        ("--index-url https://user:word@example.org/simple", "the option --index-url is not taken"),
        ("--extra-index-url=https://user:word@example.org/simple", "the option --extra-index-url is not taken"),
        ("--find-links /tmp/wheels", "the option --find-links is not taken"),
        ("./wheels/x.whl", "a library from a path or an address is not the same for everybody"),
        ("../mine", "a library from a path or an address"),
        ("x-1.0-py3-none-any.whl", "a library from a path or an address"),
        ("git+https://user:word@example.org/x.git", "a library from a path or an address"),
        ("https://user:word@example.org/x.whl", "a library from a path or an address"),
        ("mine @ https://user:word@example.org/x.whl", "a library from a path or an address"),
        ("numpy=1", "this is no requirement"),
        ("a b c", "this is no requirement"),
        ("--hash=sha256:00", "the option --hash is not taken"),
        ("numpy --hash=sha256:${HOME}", "the option --hash is not taken"),
        ("numpy --index-url https://user:word@example.org", "the option --index-url is not taken"),
    ],
)
def test_what_would_not_be_the_same_for_everybody_is_refused_with_its_line(read, line, said):
    _, problems = read(f"# libraries\nnumpy\n{line}\n")
    assert len(problems) == 1
    assert problems[0].startswith(f"teams/a/b/requirements.txt:3: {said}")
    assert "word" not in problems[0].partition("(")[0]


def test_a_comment_ends_with_its_line_as_it_does_for_uv(read):
    _, problems = read("numpy # why \\\n--index-url https://user:word@example.org/simple\n")
    assert [each.partition(" (")[0] for each in problems] == [
        "teams/a/b/requirements.txt:2: the option --index-url is not taken in a workflow's requirements"
    ]


def test_comments_conditions_extras_and_hashes_are_taken(read):
    text = (
        '# all\nnumpy==2.5.5 ; python_version >= "3.12"  # new\nnumpy==1.26.4 ; python_version < "3.12"\n\n'
        "pandas[parquet]>=2 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\nsafetensors==0.8.*\n"
    )
    found, problems = read(text)
    assert problems == []
    assert [(line.number, line.needs.name) for line in found.wanted(NEW)] == [
        (2, "numpy"),
        (5, "pandas"),
        (8, "safetensors"),
    ]
    assert found.pins(NEW) == {("numpy", "2.5.5")}
    assert found.pins(OLD) == {("numpy", "1.26.4")}


def test_a_condition_is_asked_of_the_functions_machine(read):
    found, _ = read('a ; platform_machine == "aarch64"\nb ; sys_platform == "win32"\nc ; extra == "x"\n')
    assert [line.needs.name for line in found.wanted(NEW)] == ["a"]
    assert found.wanted(OLD) == ()


def test_the_versions_of_a_lock_are_read():
    lock = "# for python3.12\nNumPy==2.5.5 \\\n    --hash=sha256:00\nsix==1.17.0\n"
    assert read_pins(lock) == {("numpy", "2.5.5"), ("six", "1.17.0")}


def test_wheels_may_ask_for_no_newer_linux_than_the_runtimes():
    assert OLD.platform == "x86_64-manylinux2014"
    assert NEW.platform == "aarch64-manylinux_2_34"
