"""Where a handler's libraries come from in this process."""

import zipfile
from importlib import metadata

import pytest

from shared.config.problems import Problems
from shared.errors import LanesError
from shared.packages.code import Workflow
from shared.packages.package import Wanted
from shared.packages.requirements import lock_header, read_requirements
from shared.run.debug.libraries import HERE, code_differs, libraries_here


@pytest.fixture
def wanted(tmp_path):
    """Return a function that makes a workflow with requirements, and, as libraries are kept, the zip of them."""

    def make(requirements="", pins=(), files=None):
        folder = tmp_path / "teams/team/w"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "work.py").write_text("def handler(event, context): return event\n")
        path = folder / "requirements.txt"
        path.write_text(requirements)
        told = read_requirements(path, tmp_path, Problems())
        if requirements:
            lines = [f"{name}=={version} \\\n    --hash=sha256:{'0' * 64}\n" for name, version in pins]
            told.lock.write_text(lock_header(told, HERE) + "".join(lines))
        built = Wanted(Workflow("team.w", tmp_path, folder, ("work.handler",), path), HERE)
        if files:
            _keep(tmp_path / "cache/libraries", told, files)
        return built

    return make


def _keep(cache, requirements, files):
    """Put *files* where the libraries of *requirements* are kept, as if they had been fetched."""
    from shared.packages.libraries import _Kept

    cache.mkdir(parents=True)
    kept = _Kept(cache, requirements, HERE, requirements.lock.read_text())
    with zipfile.ZipFile(kept.path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)


def distribution(name, version, *modules):
    """Return the files of a library, as a wheel brings them."""
    info = f"{name}-{version}.dist-info"
    record = "".join(f"{module}.py,,\n" for module in modules) + f"{info}/RECORD,,\n"
    return {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/RECORD": record,
        **{f"{module}.py": f"VERSION = {version!r}\n" for module in modules},
    }


def test_without_requirements_this_python_has_all(wanted, tmp_path):
    assert libraries_here(wanted(), tmp_path / "cache", pytest.fail) is None


def test_versions_that_are_installed_need_nothing(wanted, tmp_path):
    version = metadata.version("boto3")
    assert libraries_here(wanted("boto3\n", [("boto3", version)]), tmp_path / "cache", pytest.fail) is None


def test_others_are_those_of_the_package_unpacked_once(wanted, tmp_path):
    built = wanted("probed\n", [("probed", "1.2")], distribution("probed", "1.2", "probed_module"))
    folder = libraries_here(built, tmp_path / "cache", pytest.fail)
    assert (folder / "probed_module.py").read_text() == "VERSION = '1.2'\n"
    made = folder.stat().st_ino
    assert libraries_here(built, tmp_path / "cache", pytest.fail).stat().st_ino == made


def test_a_module_that_is_loaded_in_another_version_is_refused(wanted, tmp_path):
    import typer  # noqa: F401  as the command has

    built = wanted("typer\n", [("typer", "0.1")], distribution("typer", "0.1", "typer"))
    said = rf"the package of team\.w has typer 0\.1, and this process has loaded {metadata.version('typer')}"
    with pytest.raises(LanesError, match=said) as error:
        libraries_here(built, tmp_path / "cache", pytest.fail)
    assert "install typer==0.1 beside lanes" in error.value.fix


def test_the_code_on_disk_is_held_to_the_deployed_hash(wanted, tmp_path):
    from shared.packages.package import build_packages

    built, cache = wanted(), tmp_path / "cache"
    sha256 = build_packages({"w": built}, cache, pytest.fail)["w"].sha256
    assert code_differs(built, sha256, cache, pytest.fail) is False
    (tmp_path / "teams/team/w/work.py").write_text("def handler(event, context): return 1\n")
    assert code_differs(built, sha256, cache, pytest.fail) is True
    (tmp_path / "teams/team/w/work.py").write_text("import nobody_brings_this\n")
    assert code_differs(built, sha256, cache, pytest.fail) is None
