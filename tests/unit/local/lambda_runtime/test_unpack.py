"""Versions of a package: what they have in common is unpacked and compiled once."""

import io
import os
import resource
import stat
import zipfile
from importlib.util import cache_from_source

import pytest

from shared.local.lambda_runtime.function import InvokeRefusedError
from shared.local.lambda_runtime.unpack import CodeStore

PROGRAM = 0o100755 << 16


@pytest.fixture
def store(tmp_path):
    return CodeStore(tmp_path)


def zipped(*members):
    """A zip of (name, content) or (name, content, attributes)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content, *attributes in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = attributes[0] if attributes else 0o100644 << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def same(one, other, name):
    return (one / name).samefile(other / name)


def test_a_new_version_has_the_files_that_did_not_change_and_what_was_compiled_of_them(store):
    first = store.folder("1", zipped(("lib/big.py", "x = 1"), ("count.py", "old")))
    second = store.folder("2", zipped(("lib/big.py", "x = 1"), ("count.py", "new")))
    assert same(first, second, "lib/big.py")
    assert same(first, second, os.path.relpath(cache_from_source(first / "lib/big.py"), first))
    assert [(folder / "count.py").read_text() for folder in (first, second)] == ["old", "new"]
    assert os.path.exists(cache_from_source(second / "count.py"))


def test_the_same_text_under_another_name_or_with_other_bits_is_told_apart(store):
    first = store.folder("1", zipped(("a.py", "x = 1"), ("run", "x", PROGRAM)))
    second = store.folder("2", zipped(("b.py", "x = 1"), ("run", "x")))
    assert (second / "b.py").read_text() == "x = 1"
    assert os.path.exists(cache_from_source(second / "b.py"))
    assert (first / "run").stat().st_mode & stat.S_IXUSR
    assert not (second / "run").stat().st_mode & stat.S_IXUSR


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_comes_twice_changes_no_file_of_another_version(store):
    first = store.folder("1", zipped(("a.txt", "one")))
    second = store.folder("2", zipped(("a.txt", "one"), ("a.txt", "two"), ("x/../a.txt", "three")))
    assert (first / "a.txt").read_text() == "one"
    assert (second / "a.txt").read_text() != "one"


def test_layers_write_over_each_other_and_change_no_packages_files(store):
    code = zipped(("python/a.txt", "one"))
    package = store.folder("1", code)
    layers = store.layers([("l1", code), ("l2", zipped(("python/a.txt", "two")))])
    assert (package / "python/a.txt").read_text() == "one"
    assert (layers / "python/a.txt").read_text() == "two"


def test_nobody_may_write_into_a_version(store):
    store.folder("1", zipped(("lib/big.py", "x = 1")))
    second = store.folder("2", zipped(("lib/big.py", "x = 1"), ("more.py", "")))
    for path in (second, *second.rglob("*")):
        assert not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)


def test_code_that_nobody_runs_or_asked_for_lately_goes_and_is_there_again_when_asked_for(tmp_path):
    used, now = set(), [0.0]
    store = CodeStore(tmp_path, lambda: used, lambda: now[0])

    def edit(number):
        return store.folder(str(number), zipped(("lib.py", "x = 1"), ("app.py", f"v = {number}")))

    used.add(edit(0))
    edit(1)
    now[0] = 601.0
    for number in range(2, 300):
        now[0] += 1.0 if number < 200 else 20.0
        edit(number)
    folders = {path.name for path in tmp_path.iterdir() if path.name.isdigit()}
    assert "0" in folders
    assert not {"1", "2"} & folders
    assert len(folders) <= 131
    kept = list((tmp_path / "files").iterdir())
    assert len(kept) <= 2 * (len(folders) + 2)
    assert (edit(1) / "app.py").read_text() == "v = 1"


def test_what_was_asked_for_lately_stays_however_much_it_is(tmp_path):
    store = CodeStore(tmp_path, set, lambda: 0.0)
    folders = [store.folder(str(number), zipped(("app.py", f"v = {number}"))) for number in range(140)]
    assert all(folder.exists() for folder in folders)
    assert not list(store._locks)


def test_a_full_disk_is_no_fault_of_the_zip_and_the_next_call_finds_space(store):
    code = zipped(("m.py", "x" * 100_000))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))  # the system refuses it as a disk does that is full
    try:
        with pytest.raises(InvokeRefusedError, match="the embedded cloud cannot unpack the code: ") as caught:
            store.folder("sha", code)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (caught.value.code, caught.value.status) == ("ServiceException", 500)  # which Step Functions and boto3 retry
    assert (store.folder("sha", code) / "m.py").stat().st_size == 100_000
