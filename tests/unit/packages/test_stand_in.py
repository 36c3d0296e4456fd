"""What the zip of a rehearsal says in the place of its libraries."""

import pytest

from shared.errors import LanesError
from shared.packages.stand_in import library_names


@pytest.fixture
def requirements(tmp_path):
    def write(text):
        path = tmp_path / "requirements.txt"
        path.write_text(text)
        return path

    return write


def test_the_libraries_and_what_they_need_are_named(requirements):
    found = library_names(requirements("boto3==1.40  # the SDK\n\n# a comment\n"))
    assert {"boto3", "botocore", "jmespath", "s3transfer", "python-dateutil", "six", "urllib3"} <= set(found)


def test_an_extra_is_followed_only_where_it_is_asked_for(requirements):
    assert "psycopg-binary" not in library_names(requirements("psycopg==3.2\n"))
    assert "psycopg-binary" in library_names(requirements("psycopg[binary]==3.2\n"))


def test_a_marker_that_does_not_hold_leaves_its_line_out(requirements):
    assert library_names(requirements('numpy==1 ; python_version < "3"\nsix==1 ; python_version > "3"\n')) == ["six"]


def test_hashes_and_continued_lines_are_read(requirements):
    assert library_names(requirements("six==1.17.0 \\\n    --hash=sha256:abc \\\n    --hash=sha256:def\n")) == ["six"]


def test_no_file_is_no_library(tmp_path):
    assert library_names(tmp_path / "requirements.txt") == []


@pytest.mark.parametrize("line", ["-r other.txt", "--index-url https://example.edu", "six = 1", "./wheels/six.whl"])
def test_a_line_that_is_no_requirement_is_refused_with_its_place(requirements, line):
    with pytest.raises(LanesError, match=r"requirements.txt:2: this is no requirement .*\n  fix: .*--packaged"):
        library_names(requirements(f"six==1\n{line}\n"))
