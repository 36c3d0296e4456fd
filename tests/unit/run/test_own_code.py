"""Which frames of a traceback are the function's own, and what to do about code that cannot be loaded."""

import pytest

from shared.run.own_code import fix_of, is_noise, own_frames, with_places

IMPORTLIB = (
    '  File "/var/lang/lib/python3.12/importlib/__init__.py", line 90, in import_module\n    return _gcd_import(name)\n'
)
FROZEN = '  File "<frozen importlib._bootstrap>", line 1387, in _gcd_import\n'
OWN = '  File "/var/task/shared/handlers/merge.py", line 3, in <module>\n    TABLE = {"a": 1}["b"]\n'
BOTO = '  File "/var/runtime/botocore/client.py", line 606, in _api_call\n    return self._make_api_call(name)\n'
STAND_IN = '  File "/var/lang/lib/python3.12/site-packages/numpy/core.py", line 1, in f\n'
LAYER = '  File "/opt/python/team.py", line 7, in go\n    raise KeyError\n'
SHOWN = '  File "shared/handlers/merge.py", line 3, in <module>\n    TABLE = {"a": 1}["b"]'


def test_frames_of_the_runtime_and_of_libraries_are_left_out_and_paths_are_the_checkouts():
    assert own_frames([IMPORTLIB, FROZEN, OWN, BOTO, STAND_IN]) == (SHOWN,)


def test_a_layer_of_the_teams_own_is_shown():
    assert own_frames([LAYER, BOTO]) == (LAYER.rstrip(),)


def test_where_no_frame_is_own_all_are_shown():
    assert own_frames([IMPORTLIB, BOTO]) == (IMPORTLIB.rstrip(), BOTO.rstrip())


def test_a_syntax_error_has_the_form_of_lambdas_runtime():
    frame = '  File "/var/task/shared/handlers/merge.py" Line 1\n    def handler(e, c)\n'
    assert own_frames([frame]) == ('  File "shared/handlers/merge.py" Line 1\n    def handler(e, c)',)


@pytest.mark.parametrize("trace", [None, [], "text", 3, {}])
def test_what_is_no_trace_has_no_frame(trace):
    assert own_frames(trace) == ()


@pytest.mark.parametrize(
    ("error", "message", "fix"),
    [
        (
            "Runtime.ImportModuleError",
            "Unable to import module 'm': No module named 'typer'",
            "add the library that has typer to ",
        ),
        (
            "Runtime.ImportModuleError",
            "Unable to import module 'm': No module named 'a.b'",
            "add the library that has a to ",
        ),
        (
            "Runtime.ImportModuleError",
            "Unable to import module 'm': No module named 'shared.config'",
            "see that shared.config exists",
        ),
        ("Runtime.HandlerNotFound", "Handler 'h' missing on module 'm'", "in the workflow's card (handler:), name"),
        ("Runtime.UserCodeSyntaxError", "Syntax error in module 'm'", "correct that line"),
    ],
)
def test_code_that_cannot_be_loaded_has_a_fix(error, message, fix):
    assert fix_of(error, message).startswith(fix)


def test_an_error_of_the_programs_own_has_none():
    assert fix_of("KeyError", "No module named 'typer'") is None


@pytest.mark.parametrize("line", [FROZEN, BOTO, "[WARNING]\t2026\t\tLAMBDA_WARNING: Unhandled exception."])
def test_noise_is_known(line):
    assert is_noise(line)
    assert not is_noise(OWN)


@pytest.mark.parametrize(
    ("message", "fix"),
    [
        ("'TABLE_DAY_TOTALS'", "tables: {day-totals: read, write or readwrite}"),
        ("'QUEUE_WORK'", "queues: {work: send or receive}"),
        ("'SECRET_TOKEN'", "secrets: [token]"),
        ("'TABLE'", None),
        ("'table_totals'", None),
    ],
)
def test_a_variable_that_uses_would_set_is_told_with_what_to_say(message, fix):
    told = fix_of("KeyError", message)
    assert (told is None) == (fix is None)
    assert fix is None or fix in told


def test_a_secret_without_a_value_is_told_with_the_command_that_sets_one():
    said = "An error occurred (ResourceNotFoundException) when calling the GetSecretValue operation: Secrets Manager"
    message = f"{said} can't find the specified secret value for staging label: AWSCURRENT"
    assert fix_of("ResourceNotFoundException", message).startswith("lanes secret set TEAM NAME")


FILES = {"count.py": "teams/words/count.py", "shared/handlers/s3.py": "../shared/handlers/s3.py"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('  File "/var/task/count.py", line 12, in f\n    x', "  teams/words/count.py:12, in f\n    x"),
        ('  File "count.py", line 12, in f', "  teams/words/count.py:12, in f"),
        ('File "/var/task/count.py" Line 7', "teams/words/count.py:7"),
        ('  File "/var/task/shared/handlers/s3.py", line 3, in g', "  ../shared/handlers/s3.py:3, in g"),
        (STAND_IN, STAND_IN),
        ("no traceback, of File count.py", "no traceback, of File count.py"),
    ],
)
def test_places_in_own_files_are_shown_as_an_editor_opens_them(text, shown):
    assert with_places(text, FILES) == shown
