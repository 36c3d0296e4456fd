"""Contents in files: shared, sliced, read while they are deleted, and gone when nothing refers to them."""

import gc
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.local.objects.contents import CHUNK, Content, Contents, joined


@pytest.fixture
def folder(tmp_path):
    return tmp_path


@pytest.fixture
def contents(folder):
    return Contents(folder, durable=False)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_content_is_what_was_written(contents, folder):
    with contents.new() as draft:
        for data in (b"a", b"", b"bc" * CHUNK):
            draft.write(data)
        assert names(folder)[0].startswith("new-")
        content = draft.finish()
    assert (content.size, contents.bytes_of(content)) == (1 + 2 * CHUNK, b"a" + b"bc" * CHUNK)
    assert max(len(chunk) for chunk in contents.read(content)) == CHUNK
    assert names(folder) == [content.told[0][0]]


def test_an_empty_content_has_no_file(contents, folder):
    content = contents.of(b"")
    assert (content, contents.bytes_of(content), names(folder)) == (Content(), b"", [])


def test_what_is_not_finished_leaves_nothing(contents, folder):
    with contents.new() as draft:
        draft.write(b"half")
    assert names(folder) == []


def test_a_file_goes_with_the_last_content_of_it(contents, folder):
    one = contents.of(b"abc")
    other = joined([one, contents.of(b"de")])
    part = other.part(1, 3)
    del one, other
    gc.collect()
    assert contents.bytes_of(part) == b"bcd"
    assert len(names(folder)) == 2
    del part
    gc.collect()
    assert names(folder) == []


def test_a_reader_finishes_though_the_object_is_deleted(contents, folder):
    content = joined([contents.of(b"a" * CHUNK), contents.of(b"b" * CHUNK)])
    reader = contents.read(content)
    del content
    gc.collect()
    assert b"".join(reader) == b"a" * CHUNK + b"b" * CHUNK
    del reader
    gc.collect()
    assert names(folder) == []


@given(st.lists(st.binary(max_size=5), max_size=5), st.integers(0, 30), st.integers(0, 30))
def test_a_part_is_a_slice(tmp_path_factory, pieces, start, size):
    contents = Contents(tmp_path_factory.mktemp("contents"), durable=False)
    whole = joined(contents.of(piece) for piece in pieces)
    part = whole.part(start, size)
    assert contents.bytes_of(part) == b"".join(pieces)[start : start + size]
    assert contents.bytes_of(contents.named(part.told)) == contents.bytes_of(part)


def test_files_of_a_content_that_is_named_again_are_the_same(contents, folder):
    content = contents.of(b"abc")
    again = contents.named(content.told)
    del content
    gc.collect()
    assert contents.bytes_of(again) == b"abc"


def test_what_is_held_goes_when_that_is_written(contents, folder):
    contents.hold()
    content = contents.of(b"abc")
    (name,) = names(folder)
    assert contents.unheld() == []
    del content
    gc.collect()
    assert names(folder) == [name]
    gone = contents.unheld()
    assert (gone, contents.unheld()) == ([name], [])
    contents.remove(gone)
    assert names(folder) == []


def test_the_next_start_removes_what_nothing_refers_to(contents, folder):
    kept, lost = contents.of(b"kept"), contents.of(b"lost")
    told = kept.told
    contents.close()
    (folder / "new-0").write_bytes(b"half")
    del kept, lost
    gc.collect()
    assert len(names(folder)) == 3  # a cloud that ends takes nothing with it
    later = Contents(folder, durable=False)
    content = later.named(told)
    later.sweep()
    assert names(folder) == [told[0][0]]
    assert later.bytes_of(content) == b"kept"


def test_a_durable_content_is_on_the_disk_before_it_has_its_name(folder, monkeypatch):
    done = []
    sync = os.fsync

    def watched(descriptor):
        done.append([name.startswith("new-") for name in names(folder)])
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    Contents(folder, durable=True).of(b"abc")
    assert done == [[True], [False]]  # the file under its first name; then the folder that has it under its own
