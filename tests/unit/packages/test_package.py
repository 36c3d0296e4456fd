"""Packages: the same bytes for the same input, libraries found once, and all problems told at once."""

import base64
import hashlib
import io
import os
import tarfile
import zipfile

import pytest

from shared.config.problems import ConfigError
from shared.errors import LanesError
from shared.packages.code import Workflow
from shared.packages.package import Wanted, build_packages
from shared.packages.target import Target
from tests.helpers.index import list_files

HERE = "teams/words/count"
ARM = Target("python3.14", "arm64")


def names(package):
    with zipfile.ZipFile(package.path) as content:
        return content.namelist()


def problems(caught):
    return [str(problem) for problem in caught.value.problems]


def test_a_package_without_libraries_is_its_code(build):
    package = build()
    assert names(package) == ["count.py"]
    content = package.path.read_bytes()
    assert package.size == len(content)
    assert package.sha256 == base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert package.unzipped == len("def handler(event, context):\n    return event\n")


def test_the_same_code_gives_the_same_bytes_whenever_and_wherever_it_was_written(build, index, write, tmp_path):
    index("answers", files={"answers_data/x.txt": "x"})
    write(f"{HERE}/requirements.txt", "answers==1.0\n")
    first = build().path.read_bytes()
    for path in tmp_path.rglob("*.py"):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    assert build(cache="another").path.read_bytes() == first


def test_a_renamed_file_is_another_package(build, write, tmp_path):
    write(f"{HERE}/a.txt", "x")
    before = build()
    (tmp_path / HERE / "a.txt").rename(tmp_path / HERE / "b.txt")
    assert build().sha256 != before.sha256


def test_what_only_builders_testers_and_this_machine_read_stays_out(build, index, write):
    files = ("fat/core.pyi", "fat/core.h", "fat/tests/test_core.py", "fat/tests/data.npy", "fat/testing.py",
             "fat/__init__.py")  # fmt: skip
    program = {"answers-1.0.dist-info/entry_points.txt": "[console_scripts]\nanswer = answers:main\n"}
    index("answers", files={**dict.fromkeys(files, ""), **program})
    write(f"{HERE}/requirements.txt", "answers==1.0\n")
    package = build()
    assert [name for name in names(package) if name.startswith(("fat/", "bin/"))] == [
        "fat/__init__.py",
        "fat/testing.py",
    ]
    with zipfile.ZipFile(package.path) as content:
        assert b"bin/answer" not in content.read("answers-1.0.dist-info/RECORD")


def test_pins_of_all_libraries_are_their_own_lock(build, index, write, told, tmp_path):
    index("answers", needs=["six==1.0"])
    index("six")
    write(f"{HERE}/requirements.txt", "answers==1.0\nsix==1.0\n")
    assert {"answers.py", "six.py", "count.py"} <= set(names(build()))
    assert not (tmp_path / HERE / "requirements.lock").exists()
    assert told == [f"fetching the libraries of {HERE}/requirements.txt for python3.12 x86_64, once"]


def test_versions_that_were_found_are_kept_and_taken_until_the_requirements_change(build, index, write, told, tmp_path):
    index("answers", needs=["six"])
    index("six", "1.0")
    write(f"{HERE}/requirements.txt", "answers\n")
    first = build()
    lock = tmp_path / HERE / "requirements.lock"
    assert told[1:] == [f"resolved 2 libraries for python3.12 x86_64 into {HERE}/requirements.lock; commit it"]
    assert "--hash=sha256:" in lock.read_text()
    assert str(tmp_path) not in lock.read_text()

    index("six", "2.0")
    assert build(cache="of another").sha256 == first.sha256
    assert len(told) == 3
    write(f"{HERE}/requirements.txt", "answers\nsix>1\n")
    assert build().sha256 != first.sha256
    assert "six==2.0" in lock.read_text()


def test_a_lock_goes_when_it_is_not_needed_any_more_and_anothers_file_is_not_touched(build, index, write, tmp_path):
    index("answers")
    lock = write(f"{HERE}/requirements.lock", "my own notes\n")
    write(f"{HERE}/requirements.txt", "answers\n")
    with pytest.raises(ConfigError, match=r"requirements.lock is not of lanes, which would write it \(rename it\)"):
        build()
    assert lock.read_text() == "my own notes\n"
    lock.unlink()
    build()
    write(f"{HERE}/requirements.txt", "answers==1.0\n")
    build()
    assert not lock.exists()


@pytest.mark.parametrize(
    "smuggled",
    ["--find-links /elsewhere", "six @ file:///elsewhere/six.whl", "six==1.0", "-r ../other/requirements.txt"],
)
def test_a_lock_says_nothing_but_versions_and_hashes(build, index, write, tmp_path, smuggled):
    index("six")
    write(f"{HERE}/requirements.txt", "six>=1\n")
    build()
    lock = tmp_path / HERE / "requirements.lock"
    lock.write_text(f"{lock.read_text()}{smuggled}\n")
    with pytest.raises(ConfigError) as caught:
        build(cache="another")
    (problem,) = problems(caught)
    assert "requirements.lock is not as lanes wrote it: line 5: " in problem


def test_a_lock_is_of_one_target(build, index, write, tmp_path):
    index("answers")
    write(f"{HERE}/requirements.txt", "answers\n")
    build()
    lock = tmp_path / HERE / "requirements.lock"
    first = lock.read_text()
    build(target=ARM, lock=False)  # a rehearsal on another machine
    assert lock.read_text() == first
    build(target=ARM)
    assert lock.read_text().splitlines()[0] == (
        "# The libraries of requirements.txt for python3.14 arm64, found by lanes. Commit this file."
    )


def test_a_library_that_is_not_what_the_lock_says_is_refused(build, index, write, tmp_path, monkeypatch):
    index("answers", files={"a.txt": "a"})
    write(f"{HERE}/requirements.txt", "answers\n")
    build()
    index("answers", files={"a.txt": "b"})
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "of another"))
    with pytest.raises(ConfigError) as caught:
        build(cache="another")
    assert "requirements.txt:1: a library is not what the lock says" in problems(caught)[0]


def test_wheels_are_for_the_functions_python_and_processor(build, index, write):
    index("answers", tag="cp314-cp314-manylinux_2_34_aarch64")
    write(f"{HERE}/requirements.txt", "answers==1.0\n")
    assert "answers.py" in names(build(target=ARM))
    for target in (Target("python3.14", "x86_64"), Target("python3.13", "arm64")):
        with pytest.raises(ConfigError, match="no wheel of"):
            build(target=target)


def test_an_edit_of_the_code_compresses_no_library_again(build, index, write, told, tmp_path):
    index("answers")
    write(f"{HERE}/requirements.txt", "answers==1.0\n")
    build()
    (kept,) = (tmp_path / "cache/libraries").glob("*.zip")
    kept.write_bytes(kept.read_bytes())
    for number in range(8):
        write(f"{HERE}/count.py", f"def handler(event, context):\n    return {number}\n")
        assert "answers.py" in names(build())
    assert len(told) == 1
    assert len(list((tmp_path / "cache").glob("words.count.*.zip"))) == 4, "old ones go"


def test_a_failed_fetch_leaves_nothing_behind(build, index, write, tmp_path):
    write(f"{HERE}/requirements.txt", "answers==1.0\n")
    with pytest.raises(ConfigError):
        build()
    assert [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()] == [".lock"]
    index("answers")
    assert "answers.py" in names(build())


BAD = {
    "no such library": ("answers\nno-such\n", 2, "there is no library called no-such", "correct its name"),
    "no such version": (
        "answers==9\n",
        1,
        "the requirements cannot be met: there is no version of answers==9",
        "loosen",
    ),
    "conflict": (
        "answers<1\nanswers>1\n",
        1,
        "the requirements cannot be met: you require answers<1 and answers>1",
        "",
    ),
    "needs another": ("old\nanswers==2.0\n", 1, "the requirements cannot be met: ", "loosen or change"),
    "source only": ("source\n", 1, "no wheel of source for Lambda's python3.12 x86_64: ", "pin a version that has one"),
    "other system": ("windows\n", 1, "no wheel of windows", "pin a version that has one"),
    "newer system": ("newer\n", 1, "no wheel of newer", "pin a version that has one"),
}


@pytest.mark.parametrize("case", BAD)
def test_libraries_that_cannot_be_had_are_told_with_the_fix(build, index, write, tmp_path, case):
    text, line, what, fix = BAD[case]
    index("answers", "0.5")
    index("answers", "2.0")
    index("old", needs=["answers<1"])
    index("windows", tag="cp312-cp312-win_amd64")
    index("newer", tag="cp312-cp312-manylinux_2_35_x86_64")
    index("source", tag="py3-none-any")
    (tmp_path / "index/source/source-1.0-py3-none-any.whl").rename(tmp_path / "index/source/source-1.0.zip")
    list_files(tmp_path / "index/source")
    write(f"{HERE}/requirements.txt", text)
    with pytest.raises(ConfigError) as caught:
        build()
    (problem,) = problems(caught)
    assert problem.startswith(f"{HERE}/requirements.txt:{line}: {what}")
    assert fix in problem
    assert str(tmp_path) not in problem


def test_settings_in_the_folder_that_one_stands_in_have_nothing_built(build, index, write, tmp_path, monkeypatch):
    ran = tmp_path / "ran"
    with tarfile.open(tmp_path / "mine-1.0.tar.gz", "w:gz") as archive:
        for name, text in {
            "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "evil"\nbackend-path = ["."]\n',
            "evil.py": f"open({str(ran)!r}, 'w')\n",
        }.items():
            member = tarfile.TarInfo(f"mine-1.0/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    write(f"{HERE}/uv.toml", f'[pip]\nno-binary = ["mine"]\nfind-links = ["{tmp_path}"]\n')
    write(f"{HERE}/requirements.txt", "mine\n")
    monkeypatch.chdir(tmp_path / HERE)
    with pytest.raises(ConfigError, match="there is no library called mine"):
        build()
    assert not ran.exists()


def test_an_index_that_does_not_answer_is_told_without_its_address(build, index, write, monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://user:word@127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    write(f"{HERE}/requirements.txt", "answers\n")
    with pytest.raises(LanesError, match="the package index does not answer") as caught:
        build()
    assert "word" not in str(caught.value)


def test_the_index_that_pip_is_set_to_use_is_asked(build, index, write, monkeypatch):
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:word@127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    write(f"{HERE}/requirements.txt", "answers\n")
    with pytest.raises(LanesError, match="the package index does not answer"):
        build()


def test_no_pip_of_the_folder_that_one_stands_in_is_run(build, index, write, tmp_path, monkeypatch):
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "index").as_uri())
    index("six")
    write(f"{HERE}/requirements.txt", "six==1.0\n")
    write(f"{HERE}/pip.py", f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.chdir(tmp_path / HERE)
    build()
    assert not (tmp_path / "ran").exists()


SOURCE = """
import os, boto3, six, urllib3
import numpy as np
import answers.deep
from PIL import Image
import inner.split
import telnetlib
try:
    import fast
except ImportError:
    fast = None
if TYPE_CHECKING:
    import types_only
def handler(event, context):
    import late
"""


def test_imports_that_nothing_explains_are_told_with_line_and_fix(build, index, write):
    index("answers", files={"answers/__init__.py": "", "answers/deep.py": ""})
    write(f"{HERE}/requirements.txt", "answers==1.0\n")
    write(f"{HERE}/count.py", SOURCE)
    write(f"{HERE}/inner/split.py", "import numpy\nfrom google.cloud import storage\n")
    write(f"{HERE}/unused.py", "import matplotlib\n")
    with pytest.raises(ConfigError) as caught:
        build(target=Target("python3.13"))
    nothing = "no requirement, not Lambda's Python, and no module of the workflow's own"
    add = f"to {HERE}/requirements.txt)"
    assert problems(caught) == [
        f"{HERE}/count.py:3: nothing brings numpy: {nothing}; 1 more import it (add numpy {add}",
        f"{HERE}/count.py:5: nothing brings PIL: {nothing} (add pillow {add}",
        f"{HERE}/count.py:7: Python 3.13 has no telnetlib any more (since 3.13) (use what took its place)",
        f"{HERE}/count.py:15: nothing brings late: {nothing} (add late {add}",
        f"{HERE}/inner/split.py:2: nothing brings google.cloud: {nothing} (add the library that has google.cloud {add}",
    ]


def test_a_namespace_that_several_libraries_share_is_looked_into(build, index, write):
    index("protobuf", module="_upb", files={"google/protobuf/__init__.py": ""})
    write(f"{HERE}/requirements.txt", "protobuf==1.0\n")
    write(
        f"{HERE}/count.py", "from google import protobuf, cloud\nimport google.protobuf.json\ndef handler(e, c): pass\n"
    )
    with pytest.raises(ConfigError) as caught:
        build()
    assert [line.partition(": nothing brings ")[2].partition(":")[0] for line in problems(caught)] == ["google.cloud"]


def test_where_others_bring_libraries_imports_are_not_looked_at(build, write):
    write(f"{HERE}/count.py", "import numpy\ndef handler(e, c): pass\n")
    assert names(build(checked=False)) == ["count.py"]


def test_a_module_of_ones_own_that_is_called_as_a_library_is_refused(build, index, write):
    index("answers", files={"answers/__init__.py": ""})
    write(f"{HERE}/requirements.txt", "answers==1.0\n")
    write(f"{HERE}/answers.py")
    with pytest.raises(ConfigError, match="answers is a module of the workflow's own and one of a library"):
        build()


def test_more_than_lambda_unzips_is_refused_but_an_image_may_have_it(build, tmp_path):
    with (tmp_path / HERE / "huge.bin").open("wb") as file:
        file.truncate(251 * 1024**2)
    with pytest.raises(
        ConfigError, match=r"has 251 MB unzipped, and Lambda takes 250 MB as a zip \(say package: image"
    ):
        build()
    assert build(zipped=False).unzipped > 250 * 1024**2


def test_all_problems_of_all_workflows_are_told_at_once(own, tmp_path, write, told):
    write(f"{HERE}/requirements.txt", "-e .\n")
    gone = Workflow("shared.gone", tmp_path, None, ("shared.handlers.gone.handler",), tmp_path / "none.txt")
    wanted = {"count": Wanted(own, ARM), "gone": Wanted(gone, ARM)}
    with pytest.raises(ConfigError) as caught:
        build_packages(wanted, tmp_path / "cache", told.append)
    assert [line.partition(" ")[0] for line in problems(caught)] == [
        "shared/handlers/gone.py:1:",
        f"{HERE}/requirements.txt:1:",
    ]


def test_what_is_known_is_not_read_again(own, tmp_path, told):
    wanted, known = Wanted(own, ARM), {}
    first = build_packages({"a": wanted}, tmp_path / "cache", told.append, known)["a"]
    (tmp_path / HERE / "count.py").unlink()  # a handler: who reads the code now finds a problem
    assert build_packages({"b": wanted}, tmp_path / "cache", told.append, known) == {"b": first}
    with pytest.raises(ConfigError):
        build_packages({"b": wanted}, tmp_path / "cache", told.append)
