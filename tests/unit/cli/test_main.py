"""What a user sees of errors: a message and an exit code for known ones, a file with the traceback for our faults."""

import json
import os
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from shared.cli.main import app
from shared.deploy.caller import WHO_MAY
from shared.errors import UsageError

# What all other commands take is not read: it takes a third of such a process's time.
ALONE = "door.app.registered_commands.clear(); door.app.registered_groups.clear()"
RAISE = f"""
import sys
from shared.cli import main as door

{ALONE}

@door.app.command()
def broken():
    {{statement}}

sys.argv = ["lanes", "broken"]
door.main()
"""
# Imports once (pydantic is typer's, to read arguments), and runs each statement in a fork, which ends as any process
# does. The exit codes go to a file; the output goes where the process's own does, or into files of a folder.
FORKS = f"""
import json, os, sys
from pathlib import Path
from pydantic import TypeAdapter
from shared.cli import main as door

{ALONE}

codes, statements, folder = Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]
for number, statement in enumerate(statements):
    child = os.fork()
    if child == 0:
        if folder:
            own = Path(folder[0]) / str(number)
            own.mkdir()
            os.environ["TMPDIR"] = str(own)
            for stream, name in ((1, "out"), (2, "err")):
                os.dup2(os.open(own / name, os.O_WRONLY | os.O_CREAT), stream)
        break
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with codes.open("a") as file:
        print(code, file=file)
else:
    os._exit(0)

exec("@door.app.command()\\ndef broken():\\n    " + statement)
sys.argv = ["lanes", "broken"]
door.main()
"""


def run(statement, **environment):
    command = [sys.executable, "-c", RAISE.format(statement=statement)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})


REFUSED = "An error occurred (AccessDenied) when calling the GetRole operation"


KNOWN = [
    ("from shared.errors import LanesError; raise LanesError('w', fix='f')", 1, "error: w\n  fix: f\n"),
    ("from shared.errors import UsageError; raise UsageError('w')", 2, "error: w\n"),
    (
        "from botocore.exceptions import ClientError as E; raise E({'Error': {'Code': 'Denied'}}, 'ListRoles')",
        1,
        "error: AWS: An error occurred (Denied) when calling the ListRoles operation: Unknown\n",
    ),
    (
        "from botocore.exceptions import ClientError as E; raise E({'Error': {'Code': 'AccessDenied'}}, 'GetRole')",
        1,
        f"error: AWS: {REFUSED}: Unknown\n  fix: use credentials that may: {WHO_MAY}\n",
    ),
    (
        "raise OSError(30, 'Read-only file system', 'teams/x.yaml')",
        1,
        "error: teams/x.yaml: Read-only file system\n  fix: make it writable\n",
    ),
    (
        "raise OSError(28, 'No space left on device')",
        1,
        "error: a file: No space left on device\n  fix: free space there\n",
    ),
]
FAULTS = ["raise KeyError('rank')", "raise OSError(71, 'Protocol error')", "1 / 0"]
INTERRUPTED = [
    "raise ValueError from KeyboardInterrupt()",
    "try: raise KeyboardInterrupt\n    finally: 1 / 0",
    "raise ValueError('Error building `literal` serializer:\\n  KeyboardInterrupt')",  # as pydantic has it
]


class Ended(NamedTuple):
    code: int
    out: str
    err: str
    folder: Path


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """What came of each statement, whose faults are written to its folder."""
    folder = tmp_path_factory.mktemp("ended")
    statements = [*(statement for statement, _, _ in KNOWN), *FAULTS, *INTERRUPTED]
    command = [sys.executable, "-c", FORKS, str(folder / "codes"), json.dumps(statements), str(folder)]
    subprocess.run(command, check=True)
    codes = (folder / "codes").read_text().split()
    assert len(codes) == len(statements)
    found = {}
    for number, (statement, code) in enumerate(zip(statements, codes, strict=True)):
        own = folder / str(number)
        found[statement] = Ended(int(code), (own / "out").read_text(), (own / "err").read_text(), own)
    return found


@pytest.mark.parametrize(("statement", "code", "said"), KNOWN)
def test_known_errors_are_a_message_and_an_exit_code(statement, code, said, ended):
    assert ended[statement][:3] == (code, "", said)


@pytest.mark.parametrize("statement", FAULTS)
def test_a_fault_of_ours_leaves_its_traceback_in_a_file_and_not_on_the_terminal(statement, ended):
    code, _, err, folder = ended[statement]
    (kept,) = folder.glob("lanes-fault-*.txt")
    assert code == 1
    assert "Traceback" not in err
    assert "error: this is a fault in lanes itself: " in err
    assert str(kept) in err
    assert "Traceback (most recent call last)" in kept.read_text()
    assert "in broken" in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0


def test_a_fault_of_ours_that_cannot_be_written_down_is_told_all_the_same():
    statement = (
        "import errno, tempfile\n"
        "    def full(*a, **k): raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "    tempfile.mkstemp = full\n"
        "    1 / 0"
    )
    done = run(statement)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "ZeroDivisionError: division by zero\n  fix: free space (No space left on device)" in done.stderr


PRINTED = ["1 / 0", "c.out.print('x')", "c.print_json([1])", "c.line('x')", "c.note('x')"]


@pytest.mark.parametrize("redirection", [">&-", "2>&-", ">&- 2>&-", "> /dev/full", "<&-"])
def test_streams_that_take_nothing_cause_no_traceback(redirection, tmp_path):
    codes, statements = tmp_path / "codes", [f"from shared.cli import console as c; {each}" for each in PRINTED]
    done = subprocess.run(
        ["sh", "-c", f'"$0" -c "$@" {redirection}', sys.executable, FORKS, str(codes), json.dumps(statements)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert "Exception ignored" not in done.stderr
    failed = [each == "1 / 0" or (redirection == "> /dev/full" and "note" not in each) for each in PRINTED]
    assert dict(zip(PRINTED, codes.read_text().split(), strict=True)) == {
        each: str(int(wrong)) for each, wrong in zip(PRINTED, failed, strict=True)
    }


@pytest.mark.parametrize("statement", INTERRUPTED)
def test_what_comes_of_a_ctrl_c_is_no_fault_of_ours(statement, ended):
    assert ended[statement][:3] == (130, "", "")


def test_ctrl_c_where_nobody_can_catch_it_is_raised_again():
    done = run(
        "import os, signal, time\n"
        "    class Freed:\n"
        "        def __del__(self):\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "            time.sleep(0)\n"
        "    Freed()\n"
        "    time.sleep(86400)"  # the command need not come to the end of what it waits for
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize("moment", ["import shared.cli.main", "import atexit; atexit.register(interrupt)"])
def test_ctrl_c_before_and_after_the_command_ends_the_process(moment, tmp_path):
    """Of the imports it is sent while shared.cli.main is found; of the end, while Python ends."""
    code = f"""
import os, signal, sys, time
def interrupt(*_):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "shared.cli.main" and "import shared" in {moment!r}:
            interrupt()
if "atexit" in {moment!r}:
    {moment}
sys.meta_path.insert(0, Finder())
sys.argv = ["lanes", "--version"]
from shared.cli.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


def test_a_ctrl_c_that_a_shell_ignores_stays_ignored():
    code = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
from shared.cli.__main__ import main
from shared.cli.main import app
@app.command()
def kept():
    os.kill(os.getpid(), signal.SIGINT)
    print("on")
sys.argv = ["lanes", "kept"]
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "on\n", "")


def test_ctrl_c_ends_it_without_a_word():
    done = run("import os, signal; os.kill(os.getpid(), signal.SIGINT); import time; time.sleep(60)")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_letter_that_the_locale_lacks_costs_no_answer(encoding):
    statement = (
        "from shared.cli import console as c; c.out.print('Zo\u00eb \u0394'); c.print_json(['ok']); print('\u0394')"
    )
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    command = [sys.executable, "-c", RAISE.format(statement=statement)]
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.endswith(b'  "ok"\n]\n\\u0394\n')


def test_a_reader_who_has_enough_gets_no_traceback():
    statement = "from shared.cli import console as c; [c.out.print('x' * 1000) for _ in range(1000)]"
    command = [sys.executable, "-c", RAISE.format(statement=statement)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.read(1)
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (1, b"")


SLOW = {
    "boto3",
    "botocore",
    "chalice",
    "importlib.metadata",
    "jsonschema",
    "moto",
    "numpy",
    "pydantic",
    "rich",
    "shared.cli.deploy",
    "shared.deploy.resources",
    "shared.run.valid_project",
    "sqlalchemy",
    "uvicorn",
    "yaml",
}
LOADED = """
import atexit, os, sys
atexit.register(lambda: print("loaded", *sorted({slow} & sys.modules.keys()), file=sys.stderr))
sys.argv = ["lanes", *{words}]
from shared.cli.__main__ import main
main()
"""


@pytest.mark.parametrize(
    ("words", "asked", "needed"),
    [
        (["--help"], "", set()),
        (["run", "--help"], "", set()),
        (["isolation", "--help"], "", set()),
        (["--version"], "", {"importlib.metadata"}),
        ([], "lanes va", set()),
        ([], "lanes names te", set()),
        ([], "lanes run team2 cosmic --wo", {"yaml"}),
        (["names", "team2"], "", {"importlib.metadata", "pydantic", "yaml"}),
        (["print", "team2"], "", {"importlib.metadata", "pydantic", "rich", "yaml"}),
    ],
)
def test_a_command_loads_nothing_that_is_slow_and_that_it_does_not_need(words, asked, needed):
    completes = {"_LANES_COMPLETE": "complete_bash", "COMP_WORDS": asked, "COMP_CWORD": str(len(asked.split()) - 1)}
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(slow=SLOW, words=words)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, **(completes if asked else {})},
    )
    assert set(done.stderr.splitlines()[-1].split()[1:]) == needed
    assert done.stdout


def test_it_tells_its_version():
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.output) == (0, f"lanes {metadata.version('teamlanes')}\n")


def test_a_paragraph_of_help_has_no_line_break_of_the_source():
    command = [sys.executable, "-m", "shared.cli", "deploy", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "400"})
    assert "Ctrl-C too, it says what is done and what is left, and running it again finishes the job." in done.stdout


def test_parameters_names_are_whole_on_a_narrow_terminal(monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[3])
    command = [sys.executable, "-m", "shared.cli", "run", "team2", "cosmic", "--help"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "60", "NO_COLOR": "1"}
    )
    assert "--rendezvous-endpoint  string" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["metrics", "--csv", "{folder}"], "Is a directory\n  fix: name a file that CloudWatch"),
        (["data", "split", "{file}", "out"], "this is a file, not a folder\n  fix: name the folder"),
        (["model", "import", "{folder}", "--out", "x.onnx"], "this is a folder, not a file\n  fix: name the file"),
        (
            ["predict", "cosmic", "--records", "9", "--fit", "{folder}"],
            "there is nothing in it that can be fitted to\n  fix: a sweep's folder",
        ),
        (["run", "team2", "cosmic", "--input", "{folder}"], "Is a directory\n  fix: give a file"),
        (["items", "load", "topics", "{folder}"], "Is a directory\n  fix: give a file"),
    ],
)
def test_a_folder_for_a_file_or_the_reverse_is_asked_wrongly(words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[3])
    (tmp_path / "file").touch()
    given = [word.format(folder=tmp_path, file=tmp_path / "file") for word in words]
    with pytest.raises(UsageError) as caught:
        CliRunner().invoke(app, given, catch_exceptions=False)
    assert said in str(caught.value)


def test_a_payload_that_is_nested_too_deeply_is_asked_wrongly(monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[3])
    with pytest.raises(UsageError, match="nested too deeply"):
        CliRunner().invoke(app, ["run", "team2", "cosmic", "--input", "[" * 100_000], catch_exceptions=False)
