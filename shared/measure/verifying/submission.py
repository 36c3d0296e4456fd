"""Finds and reads reports that people hand in. Nothing of theirs is run, rendered or followed.

A report is ``report.json``, ``report.html`` and ``report.md`` in a folder, or any of the first two under any name: the
page holds the same JSON. Links are left alone, and files, numbers and depths beyond bounds are refused.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeAlias

from pydantic import Field, TypeAdapter, ValidationError

from shared.config.exact_json import InexactJsonError, read_exact
from shared.errors import LanesError, UsageError
from shared.measure.reports.evidence import RunManifest, SweepManifest
from shared.measure.reports.report import EMBEDDED, EMBEDDED_END

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared.values import Json

Manifest: TypeAlias = RunManifest | SweepManifest
_MANIFEST: TypeAdapter[Manifest] = TypeAdapter(Annotated[Manifest, Field(discriminator="kind")])
_MOST_BYTES = 64 * 1024 * 1024  # of a file: a report of 10,000 ranks has some 15 MB
_MOST_VALUES = 3_000_000
_DEEPEST = 60
_LARGEST = 1e15  # of any number: beyond it are no bytes, no milliseconds of Unix, and no dollars
_MOST_FILES = 20_000
_MARK = b'"teamlanes_report"'
_BEGINNING = 512  # bytes in which a report.json says what it is
_MOST_PROBLEMS = 3


class Unreadable(LanesError):
    """A submission that cannot be read."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The files of a report; those that are None were not handed in."""

    name: str
    data: Path | None
    page: Path | None
    markdown: Path | None

    @property
    def folder(self) -> Path | None:
        """The folder that the report's plots lie beside, where it is a folder's report."""
        path = self.data or self.page
        return path.parent if path and path.stem == "report" else None


def find_submissions(place: Path) -> tuple[list[Submission], list[str]]:
    """Return the reports in the file or folder *place*, and the names of folders directly in it that have none.

    Raises:
        UsageError: There is no such place, or no report in it.
    """
    if place.is_file():
        other = place.with_suffix(".html" if place.suffix == ".json" else ".json")
        return [_of(place.parent, place.stem, {place.name, other.name, f"{place.stem}.md"}, place.name)], []
    if not place.is_dir():
        raise UsageError(f"there is no {place}", fix="give a report, or a folder with reports")
    found: list[Submission] = []
    for folder, names in _folders(place):
        shown = folder.relative_to(place).as_posix()
        for stem in dict.fromkeys(name.rpartition(".")[0] for name in names if _is_report(folder / name)):
            name = (shown if shown != "." else place.resolve().name) if stem == "report" else f"{shown}/{stem}"
            found.append(_of(folder, stem, set(names), name.removeprefix("./")))
    tops = {each.name.partition("/")[0] for each in found}
    alone = any(each.folder == place for each in found)  # the place is one report's folder
    empty = [] if alone else sorted(entry.name for entry in os.scandir(place) if _is_folder(entry, tops))
    if not found:
        raise UsageError(
            f"there is no report in {place}", fix="lanes report TEAM writes one: hand in its folder, or its report.html"
        )
    return found, empty


def read_manifest(submission: Submission) -> tuple[Manifest, Manifest | None]:
    """Return what a report's file holds, and what its page holds of the same; None where only one is there.

    Raises:
        Unreadable: It is no report, or one that no command of ours wrote.
    """
    page = read_page(submission)
    inside = embedded(page) if page is not None else None
    if submission.data:
        return _parse(read_file(submission.data), submission.data.name), _parse(inside, "the page") if inside else None
    if inside is None:
        raise Unreadable(
            "the page holds no figures to check", fix="make the report again with lanes report, and hand in its folder"
        )
    return _parse(inside, "the page"), None


def read_page(submission: Submission) -> str | None:
    """Return the text of the report's page; None where there is none."""
    return _text(submission.page) if submission.page else None


def read_markdown(submission: Submission) -> str | None:
    """Return the text of the report in Markdown; None where there is none."""
    return _text(submission.markdown) if submission.markdown else None


def embedded(page: str) -> bytes | None:
    """Return the JSON that *page* holds; None where it holds none."""
    _, found, rest = page.partition(EMBEDDED)
    data, ended, _ = rest.partition(EMBEDDED_END)
    return data.encode() if found and ended else None


def _parse(data: bytes, where: str) -> Manifest:
    if sum(map(data.count, (b",", b"[", b"{"))) > _MOST_VALUES:  # what it would take in memory is many times its size
        raise Unreadable("it has more values than any report", where=where)
    try:
        value = read_exact(data)
        _check_bounds(value)
        manifest = _MANIFEST.validate_json(data, strict=True)
    except InexactJsonError as error:
        raise Unreadable(str(error), where=where) from error
    except ValidationError as error:
        told = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_url=False)]
        more = f" and {len(told) - _MOST_PROBLEMS} more" if len(told) > _MOST_PROBLEMS else ""
        raise Unreadable(f"it is no report of lanes: {'; '.join(told[:_MOST_PROBLEMS])}{more}", where=where) from error
    if isinstance(manifest, RunManifest) and _estimates_requests(value):
        raise Unreadable(
            "it was made before the requests of functions were counted, and its bill of S3 was guessed",
            where=where,
            fix="make it again with lanes report, or verify it with the commit that made it",
        )
    return manifest


def _estimates_requests(value: Json) -> bool:
    """Whether the invocations in a run's file *value* lack the count of requests, which is null where none is known."""
    match value:
        case {"evidence": {"rows": [{"report": dict() as report}, *_]}}:
            return "requests" not in report
    return False


def _check_bounds(value: Json) -> None:
    waiting: list[tuple[Json, int]] = [(value, 0)]
    seen = 0
    while waiting:
        each, depth = waiting.pop()
        seen += 1
        if depth > _DEEPEST or seen > _MOST_VALUES:
            raise InexactJsonError("it is deeper or has more values than any report")
        if isinstance(each, dict):
            waiting += [(inner, depth + 1) for inner in each.values()]
        elif isinstance(each, list):
            waiting += [(inner, depth + 1) for inner in each]
        elif isinstance(each, int | float) and abs(each) > _LARGEST:
            raise InexactJsonError(f"it holds the number {str(each)[:20]}, larger than any of a report")


def _text(path: Path) -> str:
    try:
        return read_file(path).decode()
    except UnicodeDecodeError as error:
        raise Unreadable("it is not UTF-8", where=path.name) from error


def read_file(path: Path) -> bytes:
    """Return the bytes of a regular file within bounds; a link is none."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"it cannot be read: {error.strerror}", where=path.name) from error
    if len(data) > _MOST_BYTES:
        raise Unreadable(f"it has more than {_MOST_BYTES // 1024**2} MB", where=path.name)
    return data


def _of(folder: Path, stem: str, names: set[str], shown: str) -> Submission:
    def there(ending: str) -> Path | None:
        path = folder / f"{stem}{ending}"
        return path if path.name in names and path.is_file() and not path.is_symlink() else None

    return Submission(shown, there(".json"), there(".html"), there(".md"))


def _folders(place: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield each folder from *place* on with the names of its files, in order; no link is followed."""
    seen = 0
    for folder, inner, names in os.walk(place, followlinks=False):
        inner.sort()
        seen += len(names)
        if seen > _MOST_FILES:
            raise UsageError(f"{place} holds more than {_MOST_FILES:,} files", fix="give a folder of reports alone")
        yield place / os.path.relpath(folder, place), sorted(names)


def _is_report(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    if path.name in {"report.json", "report.html"}:
        return True
    if path.suffix not in {".json", ".html"}:
        return False
    with path.open("rb") as file:
        if path.suffix == ".json":
            return _MARK in file.read(_BEGINNING)
        return EMBEDDED.encode() in file.read(_MOST_BYTES)


def _is_folder(entry: os.DirEntry[str], tops: set[str]) -> bool:
    return entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".") and entry.name not in tops
