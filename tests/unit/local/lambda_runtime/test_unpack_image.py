"""Layers over layers: what hides what, and that nothing leads out."""

import gzip
import hashlib
import io
import tarfile

import pytest

from shared.local.lambda_runtime import InvokeRefusedError
from shared.local.lambda_runtime.unpack import CodeStore
from shared.local.lambda_runtime.unpack_image import unpack_image

FOLDER, LINK, HARD, DEVICE, PIPE = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE
TASK = "var/task"


@pytest.fixture
def unpacked(tmp_path):
    """Return a function that unpacks layers of (name, content or (type, link)), and lists the files."""

    def unpack(*layers, largest=1 << 20, wrap=gzip.compress):
        paths = []
        for number, entries in enumerate(layers):
            paths.append(tmp_path / f"layer-{number}")
            paths[-1].write_bytes(wrap(make_tar(entries)))
        folder = tmp_path / "image"
        unpack_image(paths, folder, largest)
        return {
            str(path.relative_to(folder)): str(path.readlink()) if path.is_symlink() else path.read_text()
            for path in folder.rglob("*")
            if path.is_symlink() or path.is_file()
        }

    return unpack


def make_tar(entries):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, what in entries:
            info = tarfile.TarInfo(name)
            if isinstance(what, tuple):
                info.type, info.linkname = what
                archive.addfile(info)
            else:
                info.size = len(what)
                archive.addfile(info, io.BytesIO(what.encode()))
    return buffer.getvalue()


def task(*entries):
    return [(f"{TASK}/{name}", what) for name, what in entries]


def test_upper_layers_lie_on_lower_ones_and_the_rest_of_the_image_is_left(unpacked):
    lower = [("usr/bin/python", "x"), *task(("a", "1"), ("b", "1"), ("lib/x", "1"))]
    assert unpacked(lower, task(("b", "2"), ("c", "2"))) == {
        f"{TASK}/a": "1",
        f"{TASK}/b": "2",
        f"{TASK}/c": "2",
        f"{TASK}/lib/x": "1",
    }


def test_names_may_begin_at_the_root_or_here_and_layers_need_not_be_compressed(unpacked):
    layer = [(f"./{TASK}/a", "1"), (f"/{TASK}/b", "2")]
    assert unpacked(layer, wrap=bytes) == {f"{TASK}/a": "1", f"{TASK}/b": "2"}


@pytest.mark.parametrize(
    ("upper", "left"),
    [
        (task((".wh.a", "")), ["d/x", "d/y"]),
        (task((".wh.d", "")), ["a"]),
        (task(("d/.wh.x", "")), ["a", "d/y"]),
        (task(("d/.wh..wh..opq", "")), ["a"]),
        (task(("d/.wh..wh..opq", ""), ("d/z", "2")), ["a", "d/z"]),
        (task(("d/z", "2"), ("d/.wh..wh..opq", "")), ["a", "d/z"]),  # it hides what is below, wherever it stands
        (task(("a", "2"), (".wh.a", "")), ["a", "d/x", "d/y"]),
        (task((".wh..wh..opq", "")), []),
        ([("var/.wh.task", ""), *task(("e", "2"))], ["e"]),
        ([(".wh.var", ""), *task(("e", "2"))], ["e"]),
        ([("usr/.wh.lib", "")], ["a", "d/x", "d/y"]),
        (task((".wh.nothing", "")), ["a", "d/x", "d/y"]),
        (task(("d", "2")), ["a", "d"]),  # a file where a folder was
        (task(("a/x", "2")), ["a/x", "d/x", "d/y"]),  # and a folder where a file was
        (task(("d", (LINK, "a"))), ["a", "d"]),
    ],
)
def test_what_a_layer_takes_away(unpacked, upper, left):
    lower = task(("a", "1"), ("d/x", "1"), ("d/y", "1"))
    assert sorted(unpacked(lower, upper)) == sorted(f"{TASK}/{name}" for name in left)


def test_a_whiteout_hides_nothing_of_its_own_layer(unpacked):
    assert unpacked(task(("a", "1")), task(("a", "2"), (".wh.a", "")))[f"{TASK}/a"] == "2"


def test_links_within_the_image(unpacked):
    entries = [
        ("cache/wheel", "1"),
        *task(("a", (HARD, "cache/wheel")), ("b", (HARD, f"{TASK}/a")), ("c", (LINK, "b"))),
    ]
    assert unpacked(entries) == {f"{TASK}/a": "1", f"{TASK}/b": "1", f"{TASK}/c": "b"}


def test_a_link_that_leads_nowhere_does_no_harm(unpacked):
    entries = task(("a", (LINK, "a")), ("b", (LINK, "c")), ("c", (LINK, "b")), ("d", (LINK, "gone")))
    assert unpacked(entries) == {f"{TASK}/a": "a", f"{TASK}/b": "c", f"{TASK}/c": "b", f"{TASK}/d": "gone"}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([("../out", "x")], "leads out of the image"),
        ([(f"{TASK}/../../../out", "x")], "leads out of the image"),
        ([("/../out", "x")], "leads out of the image"),
        (task(("a", (HARD, "../../out"))), "leads out of the image"),
        (task(("a", (LINK, "/etc/passwd"))), "link /var/task/a leads out"),
        (task(("a", (LINK, "../../../out"))), "link /var/task/a leads out"),
        (task(("d/e", (LINK, "../..")), ("a", (LINK, "d/e/../../out"))), "link /var/task/a leads out"),
        (task(("a", (HARD, "no/such"))), "/var/task/a is not a file"),
        (task(("a", (HARD, f"{TASK}/a"))), "/var/task/a is not a file"),
        (task(("a", (DEVICE, ""))), "/var/task/a is not a file"),
        (task(("a", (PIPE, ""))), "/var/task/a is not a file"),
        ([("usr/a", "x")], "has no folder /var/task"),
        ([(TASK, "x")], "has no folder /var/task"),
        (task(("a", "x" * 600), ("b", "x" * 600)), "more than"),
    ],
)
def test_what_is_refused(unpacked, tmp_path, entries, message):
    (tmp_path / "out").write_text("safe")
    with pytest.raises(InvokeRefusedError, match=message) as refused:
        unpacked(entries, largest=1000)
    assert refused.value.status == 502
    assert (tmp_path / "out").read_text() == "safe"


@pytest.fixture
def linked(unpacked, tmp_path):
    """Return a function that puts a layer over a link to a folder of this machine, and checks that its file stays."""
    (tmp_path / "out").write_text("safe")
    yield lambda *upper: unpacked(task(("d", (LINK, str(tmp_path)))), task(*upper))
    assert (tmp_path / "out").read_text() == "safe"


@pytest.mark.parametrize(
    ("upper", "left"),
    [(("d/out", "x"), ["d/out"]), (("d/out/x", "x"), ["d/out/x"]), (("d/.wh..wh..opq", ""), []), ((".wh.d", ""), [])],
)
def test_nothing_is_written_or_removed_through_a_link(linked, upper, left):
    assert list(linked(upper)) == [f"{TASK}/{name}" for name in left]


def test_a_link_is_not_followed_to_what_a_layer_takes_away(linked):
    with pytest.raises(InvokeRefusedError, match="link /var/task/d leads out"):
        linked(("d/.wh.out", ""))


@pytest.mark.parametrize(
    "harm", [lambda tar: tar[:-20], lambda tar: tar[::-1], lambda tar: tar[:200] + bytes(50) + tar[250:]]
)
def test_a_damaged_layer_is_named(unpacked, harm):
    content = hashlib.shake_128(b"seed").hexdigest(50_000)
    with pytest.raises(InvokeRefusedError, match="layer layer-0 is damaged"):
        unpacked(task(("a", content)), wrap=lambda tar: harm(gzip.compress(tar, mtime=0)))


def test_a_layer_that_is_gone(tmp_path):
    with pytest.raises(InvokeRefusedError, match="no longer in its repository"):
        unpack_image([tmp_path / "gone"], tmp_path / "image")


def test_permissions_of_what_a_link_leads_to_are_its_own(tmp_path, image_code):
    image = image_code({"a.sh": "#!/bin/sh\n"}, links={"b.sh": "a.sh"}, modes={"a.sh": 0o755})
    (tmp_path / "code").mkdir()
    store = CodeStore(tmp_path / "code")
    folder = store.image(image)
    assert folder == store.image(image)
    assert (folder / "b.sh").is_symlink()
    assert (folder / "a.sh").stat().st_mode & 0o777 == 0o555
    assert folder.stat().st_mode & 0o777 == 0o555
