from __future__ import annotations

import base64
import hashlib
import os
import sys
import zipfile

import pytest

from shared.config.runtimes import MACHINE
from shared.errors import LanesError
from shared.packages.package import FromEnvironment, Vendored, build_package, has_libraries
from shared.packages.stand_in import STAND_IN

CPYTHON = f"cp{sys.version_info.major}{sys.version_info.minor}"


class Libraries:
    """Dependencies that are there at once, and counted."""

    def __init__(self, version: str = "1") -> None:
        self.version = version
        self.installs = 0

    def key(self, _requirements):
        return self.version

    def install(self, _requirements, target):
        self.installs += 1
        (target / "numpy").mkdir()
        (target / "numpy/__init__.py").write_text(f"version = {self.version}\n")


@pytest.fixture
def app(tmp_path):
    """The code of two functions, and requirements."""
    app = tmp_path / "chalice_app"
    handlers = app / "vendor/shared/handlers/cosmic"
    handlers.mkdir(parents=True)
    for path in ("shared/__init__.py", "shared/handlers/cosmic/init.py", "shared/handlers/cosmic/infer.py"):
        (app / "vendor" / path).write_text("")
    (app / "requirements.txt").write_text("numpy\n")
    return app


@pytest.fixture
def build(app, tmp_path):
    return lambda dependencies=None: build_package(app, tmp_path / "cache", dependencies or FromEnvironment())


def names(package):
    with zipfile.ZipFile(package.path) as content:
        return content.namelist()


def wheel(folder, name, tag):
    """Write a wheel with one module."""
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-1.0-{tag}.whl", "w") as target:
        target.writestr(f"{name}.py", "answer = 42\n")
        info = f"{name}-1.0.dist-info"
        target.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        target.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n")
        target.writestr(f"{info}/RECORD", "")


def test_the_zip_holds_the_handlers_and_nothing_of_chalice(build):
    package = build()
    code = ["shared/__init__.py", "shared/handlers/cosmic/infer.py", "shared/handlers/cosmic/init.py"]
    assert names(package) == [STAND_IN, *code]
    content = package.path.read_bytes()
    assert package.size == len(content)
    assert package.sha256 == base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert package.runtime == MACHINE


def test_the_same_code_gives_the_same_bytes_whenever_and_wherever_it_was_written(app, build, tmp_path):
    first = build().path.read_bytes()
    for path in app.rglob("*.py"):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    again = build_package(app, tmp_path / "another", FromEnvironment())
    assert again.path.read_bytes() == first


def test_a_renamed_file_is_another_package(app, build):
    before = build()
    handlers = app / "vendor/shared/handlers/cosmic"
    (handlers / "infer.py").rename(handlers / "score.py")
    after = build()
    assert after.sha256 != before.sha256
    assert "shared/handlers/cosmic/score.py" in names(after)


def test_compiled_and_hidden_files_stay_out_and_links_are_followed(app, build, tmp_path):
    cosmic = app / "vendor/shared/handlers/cosmic"
    (cosmic / "__pycache__").mkdir()
    (cosmic / "__pycache__/init.cpython-311.pyc").write_bytes(b"\0")
    (cosmic / ".swp").write_text("")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "wire.py").write_text("")
    (app / "vendor/shared/fmi").symlink_to(elsewhere)
    assert names(build()) == [
        STAND_IN,
        "shared/__init__.py",
        "shared/fmi/wire.py",
        "shared/handlers/cosmic/infer.py",
        "shared/handlers/cosmic/init.py",
    ]


def test_what_libraries_bring_for_builders_and_testers_stays_out(build):
    class Fat(Libraries):
        def install(self, requirements, target):
            super().install(requirements, target)
            for name in ("core.pyi", "core.h", "tests/test_core.py", "tests/data/core.npy", "testing.py"):
                path = target / "numpy" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("")

    numpy = [name for name in names(build(Fat())) if name.startswith("numpy/")]
    assert numpy == ["numpy/__init__.py", "numpy/testing.py"]


def test_libraries_are_fetched_once_for_many_versions_of_the_code(app, build, tmp_path):
    libraries = Libraries()
    assert "numpy/__init__.py" in names(build(libraries))
    (app / "vendor/shared/handlers/cosmic/init.py").write_text("changed = 1\n")
    build(libraries)
    build()  # without libraries, in between
    build(libraries)
    assert libraries.installs == 1
    assert has_libraries(app, tmp_path / "cache", libraries)
    assert not has_libraries(app, tmp_path / "cache", libraries, OTHER)
    newer = Libraries("2")
    assert build(newer).sha256 != build(libraries).sha256
    assert newer.installs == 1


def test_the_cache_does_not_grow_for_ever(app, build, tmp_path):
    for number in range(8):
        (app / "vendor/shared/handlers/cosmic/init.py").write_text(f"n = {number}\n")
        build()
    assert len(list((tmp_path / "cache").glob("code-*"))) == 4


def test_a_failed_fetch_leaves_nothing_behind(build, tmp_path):
    class Broken(Libraries):
        def install(self, requirements, target):
            super().install(requirements, target)
            raise LanesError("the index is down")

    with pytest.raises(LanesError, match="index is down"):
        build(Broken())
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [".lock"]
    assert "numpy/__init__.py" in names(build(Libraries()))


def test_no_code_and_too_much_code_are_errors(app, build, tmp_path):
    class Huge(Libraries):
        def install(self, _requirements, target):
            with (target / "huge.bin").open("wb") as file:
                file.truncate(251 * 1024**2)

    with pytest.raises(LanesError, match=r"the package has 251 MB unzipped, Lambda takes 250 MB at most"):
        build(Huge())
    with pytest.raises(LanesError, match="there is no code to deploy"):
        build_package(tmp_path, tmp_path / "cache", FromEnvironment())


def test_vendored_libraries_come_from_pip(app, build, tmp_path):
    wheel(tmp_path / "index", "answers", "py3-none-any")
    requirements = f"--no-index\n--find-links {tmp_path / 'index'}\nanswers==1.0\n"
    (app / "requirements.txt").write_text(requirements)
    assert "answers.py" in names(build(Vendored()))


OTHER = "python3.14" if MACHINE != "python3.14" else "python3.13"
FOR_OTHER = OTHER.replace("python3.", "cp3")


def test_a_package_for_another_python_holds_that_ones_wheels(app, build, tmp_path):
    wheel(tmp_path / "index", "answers", f"{FOR_OTHER}-{FOR_OTHER}-manylinux_2_17_x86_64")
    requirements = f"--no-index\n--find-links {tmp_path / 'index'}\nanswers==1.0\n"
    (app / "requirements.txt").write_text(requirements)
    made = build_package(app, tmp_path / "cache", Vendored(OTHER), OTHER)
    assert made.runtime == OTHER
    assert "answers.py" in names(made)
    with pytest.raises(LanesError, match="answers"):
        build(Vendored())


def test_a_library_without_a_wheel_for_another_python_is_an_error(app, tmp_path):
    wheel(tmp_path / "index", "answers", f"{FOR_OTHER}-{FOR_OTHER}-manylinux_2_35_x86_64")
    (app / "requirements.txt").write_text(f"--no-index\n--find-links {tmp_path / 'index'}\nanswers==1.0\n")
    with pytest.raises(LanesError, match=rf"no wheel for Lambda's {OTHER} \(x86_64\): ERROR: .*answers"):
        build_package(app, tmp_path / "cache", Vendored(OTHER), OTHER)
    assert not list((tmp_path / "cache").glob("code-*"))


@pytest.mark.parametrize(
    "tag",
    [f"{CPYTHON}-{CPYTHON}-manylinux_2_35_x86_64", f"{CPYTHON}-{CPYTHON}-win_amd64", None],
    ids=["for a newer glibc than Lambda's", "for another system", "not there"],
)
def test_a_library_that_cannot_be_had_is_an_error_and_no_package(app, build, tmp_path, tag):
    (tmp_path / "index").mkdir()
    if tag:
        wheel(tmp_path / "index", "answers", tag)
    (app / "requirements.txt").write_text(f"--no-index\n--find-links {tmp_path / 'index'}\nanswers==1.0\n")
    with pytest.raises(LanesError, match="answers"):
        build(Vendored())
    assert not list((tmp_path / "cache").glob("code-*"))
