"""YAML with lines: plain data as PyYAML reads it, every path on the line where it stands."""

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.config.document import parse_document, read_document
from shared.config.problems import Problems
from tests.helpers.project import REPOSITORY

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3),
    max_leaves=12,
)


class NoAliases(yaml.SafeDumper):
    """Writes a list that occurs twice out twice."""

    def ignore_aliases(self, data):
        return True


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    path = tmp_path_factory.mktemp("documents") / "file.yaml"

    def read_text(text):
        path.write_text(text, encoding="utf-8")
        problems = Problems()
        return read_document(path, "file.yaml", problems), problems.found

    return read_text


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.text("abc", min_size=1), PLAIN, min_size=1))
def test_the_data_is_what_pyyaml_reads(read, data):
    text = yaml.dump(data, Dumper=NoAliases)
    document, problems = read(text)
    assert document.data == yaml.safe_load(text)
    assert problems == []


def test_each_path_leads_to_its_line_and_a_missing_one_to_what_holds_it(read):
    document, _ = read("# a comment\na:\n  b: [1,\n    2]\nc: 3\n")
    assert [document.line(path) for path in [(), ("a",), ("a", "b"), ("a", "b", 1), ("c",)]] == [1, 2, 3, 4, 5]
    assert document.line(("a", "x", "y")) == 2


def test_a_key_is_the_text_that_was_written(read):
    document, _ = read("on: 1\nno: 2\n5: 3\n")
    assert document.data == {"on": 1, "no": 2, "5": 3}


def test_an_empty_file_is_an_empty_mapping(read):
    assert read("# nothing yet\n")[0].data == {}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: [", 2),
        ("a: 1\n? [x]\n: 2\n", 2),
        ("a: 1\n---\nb: 2\n", 2),
        ("a: 1\nb: \x07\n", 2),
        ("a: 1\nb: 2026-13-45\n", 2),
        ("a: &x [*x]\n", 1),
        ("a: 1\nb: !!python/object:os.system {}\n", 2),
    ],
)
def test_what_is_not_plain_yaml_is_told_with_its_line(read, text, line):
    document, problems = read(text)
    assert document is None or document.data  # nothing is raised
    assert [problem.line for problem in problems] == [line]


PARTS = [
    "a",
    "b: ",
    "- ",
    "\n",
    "\n  ",
    "'",
    '"',
    "[",
    "]",
    "{",
    "}",
    ", ",
    ": ",
    " # c",
    "|",
    ">-",
    "\t",
    "? ",
    "&x ",
    "*x",
]
PARTS += [
    "!t ",
    "!!str ",
    "1",
    "on",
    "~",
    "---\n",
    "%",
    "é",
    "\u2028",
    "\r\n",
    "2026-01-01",
    "<<: ",
    "cron(0 5 * * ? *)",
]
FILES = [path.read_text("utf-8") for path in (REPOSITORY / "naming.yaml", *sorted(REPOSITORY.glob("teams/*.yaml")))]


def read_with(text, *, libyaml, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(yaml, "__with_libyaml__", libyaml and yaml.__with_libyaml__)
        problems = Problems()
        document = parse_document(text, "f.yaml", problems)
        return (document and (document.data, document.lines)), problems.found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.sampled_from(PARTS), max_size=14).map("".join)
    | st.builds(
        lambda file, place, part: file[place : place + 200] + part + file[place + 200 : place + 400],
        st.sampled_from(FILES),
        st.integers(0, 2000),
        st.sampled_from(PARTS),
    )
)
def test_both_parsers_say_the_same_of_any_text(monkeypatch, text):
    fast = read_with(text, libyaml=True, monkeypatch=monkeypatch)
    assert fast == read_with(text, libyaml=False, monkeypatch=monkeypatch)
