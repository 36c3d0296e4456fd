"""Images put together from files: what is in them, and that they are the same each time."""

import gzip
import io
import json
import os
import tarfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import LanesError
from shared.packages.images.build import assemble, make_tar, package_layers, write_scratch
from shared.packages.images.layout import LAYER, MANIFEST, Blob, Layout

NAMES = st.text("abcdef", min_size=1, max_size=5)
PATHS = st.lists(NAMES, min_size=2, max_size=3).map(lambda parts: "/".join(["top", *parts]))
HANDLER = "shared.handlers.work.handler"


def opened(tar):
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        return [(entry.name, entry.mode, entry.mtime, entry.uid, entry.isdir()) for entry in archive]


def test_a_layer_has_folders_first_no_dates_and_no_owner():
    assert opened(make_tar({"var/task/b/x.py": b"1", "var/task/a.py": b"22"})) == [
        ("var", 0o755, 0, 0, True),
        ("var/task", 0o755, 0, 0, True),
        ("var/task/b", 0o755, 0, 0, True),
        ("var/task/a.py", 0o644, 0, 0, False),
        ("var/task/b/x.py", 0o644, 0, 0, False),
    ]


@given(st.dictionaries(PATHS, st.binary()))
def test_the_order_of_the_files_does_not_matter(files):
    files = {name: body for name, body in files.items() if not any(f"{name}/" in other for other in files)}
    again = dict(reversed(files.items()))
    assert make_tar(files) == make_tar(again)
    with tarfile.open(fileobj=io.BytesIO(make_tar(files))) as archive:
        read = {entry.name: archive.extractfile(entry).read() for entry in archive if entry.isfile()}
    assert read == files


def test_an_image_is_its_base_with_layers_and_a_handler(base, package, tmp_path):
    target = Layout(tmp_path / "image")
    made = assemble(base, package_layers(package, libraries=True), HANDLER, target)
    assert target.image() == made
    config_blob, layers = target.parts()
    config = json.loads(target.read(config_blob))
    assert config["config"] == {
        "Entrypoint": ["/lambda-entrypoint.sh"],
        "Env": ["LANG=C.UTF-8"],
        "Cmd": [HANDLER],
        "WorkingDir": "/var/task",
    }
    assert len(config["rootfs"]["diff_ids"]) == len(layers) == 3
    assert target.read(layers[0]) == b"the layer of another"
    names = [[name for name, *_ in opened(gzip.decompress(target.read(layer)))][-1] for layer in layers[1:]]
    assert names == ["var/task/numpy/__init__.py", "var/task/shared/handlers/work.py"]
    assert all(target.has(blob) for blob in (made, config_blob, *layers))


def test_the_same_input_has_the_same_digest_and_another_has_another(base, package, tmp_path):
    layers = package_layers(package, libraries=True)
    first = assemble(base, layers, HANDLER, Layout(tmp_path / "1"))
    os.utime(package.path, (0, 0))
    second = assemble(base, package_layers(package, libraries=True), HANDLER, Layout(tmp_path / "2"))
    others = [
        assemble(base, layers, "other.handler", Layout(tmp_path / "3")),
        assemble(base, layers[1:], HANDLER, Layout(tmp_path / "4")),
        assemble(base, layers, HANDLER, Layout(tmp_path / "5"), ["python3", "-m", "awslambdaric"]),
    ]
    assert first == second
    assert len({first.digest, *(other.digest for other in others)}) == 4


def test_an_image_may_stand_on_nothing(package, tmp_path):
    scratch, target = Layout(tmp_path / "scratch"), Layout(tmp_path / "image")
    assert write_scratch(scratch) == write_scratch(Layout(tmp_path / "again")) == scratch.image()
    assemble(scratch, package_layers(package, libraries=True), HANDLER, target)
    config, layers = target.parts()
    told = json.loads(target.read(config))
    assert (told["os"], told["architecture"], told["config"]["Cmd"]) == ("linux", "amd64", [HANDLER])
    assert len(told["rootfs"]["diff_ids"]) == len(layers) == 2


def test_libraries_stay_out_when_they_are_not_wanted(package):
    (code,) = package_layers(package, libraries=False)
    assert list(code) == ["var/task/shared/handlers/work.py"]


def test_a_damaged_blob_is_found(base):
    config, _ = base.parts()
    base.path(config.digest).write_bytes(b"{}")
    with pytest.raises(LanesError, match="not what its digest says"):
        base.read(config)


def at_once(work):
    """Do it in several threads, as several commands would, and raise what went wrong."""
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(work) for _ in range(200)]:
            done.result()


def test_several_may_write_one_layout_at_once(base, tmp_path):
    target, manifest = Layout(tmp_path / "image"), base.image()

    def write():
        target.take(manifest, base)
        target.add(base.read(manifest), MANIFEST)
        target.name(manifest)
        assert target.image() == manifest

    at_once(write)
    names = {path.name for path in target.folder.rglob("*") if path.is_file()}
    assert names == {"oci-layout", "index.json", manifest.digest.removeprefix("sha256:")}


def test_a_blob_that_was_cut_short_is_put_in_place_whole(base, tmp_path):
    target, manifest = Layout(tmp_path / "image"), base.image()
    path = target.path(manifest.digest)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"cut short")
    with path.open("rb") as before:
        target.take(manifest, base)
        assert before.read() == b"cut short"  # who reads the old one sees nothing half-written
    assert target.read(manifest) == base.read(manifest)


@pytest.mark.parametrize("digest", ["sha256:../../../etc/passwd", "md5:" + "0" * 64, "sha256:" + "0" * 63, ""])
def test_a_digest_never_leads_out_of_the_layout(base, digest):
    with pytest.raises(LanesError, match="no sha256 digest"):
        base.path(digest)


def test_what_is_no_layout_is_named(tmp_path):
    with pytest.raises(LanesError, match="no OCI image layout"):
        Layout(tmp_path).image()
    assert not Layout(tmp_path).has(Blob(LAYER, "sha256:" + "0" * 64, 1))
