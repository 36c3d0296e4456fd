"""The house for teams' own code: gentle rules, and tests of many workflows in one process that do not meet."""

import textwrap

import pytest


def put(root, path, text):
    file = root / "teams" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(textwrap.dedent(text))


def test_two_teams_have_modules_of_one_name(root, tool):
    for team in ("one", "two"):
        put(root, f"{team}/words/count.py", f"import helper\nNAME = '{team}'\n")
        put(root, f"{team}/words/helper/__init__.py", f"NAME = '{team}'\n")
        put(root, f"{team}/words/helper/deep.py", f"NAME = '{team}'\n")
        put(
            root,
            f"{team}/words/tests/test_count.py",
            f"""\
            import sys
            import count
            from count import helper

            def test_the_own_one_is_there():
                assert count.NAME == helper.NAME == "{team}"

            def test_so_it_is_when_it_is_imported_late():
                import count as again
                from helper import deep
                assert again is count and sys.modules["count"] is count
                assert deep.NAME == "{team}"
            """,
        )
    put(root, "one/words/test_beside.py", "import count\n\ndef test_beside():\n    assert count.NAME == 'one'\n")
    none = "import pytest\n\ndef test_none():\n    pytest.raises(ImportError, __import__, 'count')\n"
    put(root, "two/other/test_none.py", none)
    assert "6 passed" in tool("pytest", "-q", "-p", "no:cacheprovider", "teams")
    put(root, "../tests/test_elsewhere.py", none)
    assert "7 passed" in tool("pytest", "-q", "-p", "no:cacheprovider")
    backwards = [f"teams/{each}" for each in ("two/words", "one/words", "two/other")]
    assert "6 passed" in tool("pytest", "-q", "-p", "no:cacheprovider", *backwards)


def test_a_client_is_made_without_an_account_and_warnings_are_no_errors(root, tool):
    put(
        root,
        "one/words/tests/test_it.py",
        """\
        import warnings
        import boto3

        table = boto3.resource("dynamodb").Table("t")
        warnings.warn("old", DeprecationWarning)

        def test_it():
            warnings.warn("older", DeprecationWarning)
            assert table.meta.client.meta.region_name == "us-east-1"
        """,
    )
    assert "1 passed" in tool("pytest", "-q", "-p", "no:cacheprovider", "teams")


def test_tests_are_skipped_by_name_where_a_library_is_not_installed(root, tool):
    put(root, "one/words/requirements.txt", "numpy  # there\nno-such-library==1.0\nboto3==0.1; python_version < '3'\n")
    put(root, "one/words/tests/test_it.py", "import no_such_library\n\ndef test_it():\n    pass\n")
    put(root, "two/words/requirements.txt", "numpy<1\n")
    put(root, "two/words/tests/test_it.py", "def test_it():\n    pass\n")
    told = tool("pytest", "-q", "-p", "no:cacheprovider", "teams", code=5)  # nothing ran
    assert "not installed here: no-such-library==1.0 (uv pip install -r teams/one/words/requirements.txt)" in told
    assert "not installed here: numpy<1 (" in told


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("def f(:\n", "invalid-syntax"),
        ("print(nothing)\n", "F821"),
        ("import os\n", "F401"),
        ("def f():\n    x = 1\n", "F841"),
        ("def f(event,context):\n  l = {'a':1}\n  print( l['a'] ) ; return l\n", None),
    ],
)
def test_the_rules_are_few(text, rule, root, tool):
    put(root, "one/words/count.py", text)
    told = tool("ruff", "check", "teams", "--output-format=concise", code=1 if rule else 0)
    assert rule is None or rule in told
    tool("ruff", "format", "--check", "teams")
