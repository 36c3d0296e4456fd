"""Holds a report to itself, without any cloud: its figures follow from its evidence, its pages from its figures."""

from __future__ import annotations

import contextlib
import hashlib
from importlib.metadata import version
from typing import TYPE_CHECKING

from shared.errors import LanesError
from shared.measure.comparing.values import ABSENT, side_by_side
from shared.measure.drawing.draw_machine import alone
from shared.measure.reports.evidence import Contribution, RunManifest
from shared.measure.reports.figures import figures_of
from shared.measure.reports.redshift_section import TITLE as REDSHIFTS
from shared.measure.reports.redshift_section import section_again
from shared.measure.reports.report import DRAWING, Section, digest_of_data
from shared.measure.reports.report_run import show_run
from shared.measure.reports.report_sweep import report_sweep, sweep_figures, sweep_records
from shared.measure.verifying.checks import arithmetic
from shared.measure.verifying.page import markdown_findings, page_findings
from shared.measure.verifying.submission import Unreadable, read_file, read_manifest, read_markdown, read_page
from shared.measure.verifying.sweep_checks import sweep_arithmetic
from shared.measure.verifying.verdict import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared.measure.reports.evidence import Images
    from shared.measure.reports.report import Report
    from shared.measure.verifying.submission import Manifest, Submission
    from shared.values import Json

_DRAWS = "matplotlib"


def judge_alone(submission: Submission) -> tuple[Manifest, list[Finding], list[str]]:
    """Return what *submission* holds, what of it does not follow from the rest of it, and what was not judged.

    Raises:
        Unreadable: It is no report.
    """
    manifest, copy = read_manifest(submission)
    findings = [*_copies(manifest, copy)] if copy else []
    findings += manifest_findings(manifest)
    report = _show(manifest)
    notes = []
    if (page := read_page(submission)) is None:
        notes.append("no page was handed in")
    else:
        findings += page_findings(page, report, manifest.plots)
    if (markdown := read_markdown(submission)) is not None:
        findings += markdown_findings(markdown, report)
    found, more = _plots(submission.folder, manifest, report)
    return manifest, [*findings, *found], [*notes, *more]


def manifest_findings(manifest: Manifest) -> list[Finding]:
    """Return what in a report's file does not follow from the rest of that file.

    Raises:
        Unreadable: Nothing follows from it.
    """
    with _following():
        return _manifest_findings(manifest)


def _manifest_findings(manifest: Manifest) -> list[Finding]:
    if isinstance(manifest, RunManifest):
        follows = figures_of(manifest.evidence, manifest.provenance)
        found = [*arithmetic(manifest.evidence, manifest.provenance), *_sections(manifest)]
        why = "the report's own evidence"
    else:
        follows = sweep_figures(sweep_records(manifest.records))
        found = [*sweep_arithmetic(manifest.records)]
        why = "the records of the sweep's runs"
    return [*_unlike("figures", manifest.figures, follows, why), *found]


def _sections(manifest: RunManifest) -> Iterator[Finding]:
    """Yield what sections of what the run stored say otherwise than their figures, and data of plots likewise.

    One without figures says why it has none, in words: only the run tells whether that follows.
    """
    why = "the section's figures"
    for section in manifest.evidence.sections:
        if section.title != REDSHIFTS:
            yield Finding(f"evidence.sections.{section.title}", "a section", ABSENT, "what a run stores")
            continue
        follows = section_again(section.figures) if section.figures else Section(section.title, section.text)
        said, shown = (each.model_dump(mode="json") for each in (section, Contribution.of(follows)))
        yield from _unlike(f"evidence.sections.{section.title}", said, shown, why)
        for plot in follows.plots:
            if not plot.data:
                continue
            images, digest = manifest.plots.get(plot.name), digest_of_data(plot.data)
            if images is None or images.csv != digest:
                yield Finding(f"plots.{plot.name}.csv", str(images.csv if images else ABSENT), str(digest), why)


def _copies(manifest: Manifest, copy: Manifest) -> Iterator[Finding]:
    if manifest == copy:
        return
    yield from _unlike("", _plain(manifest), _plain(copy), "the copy of report.json in the page")


def _plain(manifest: Manifest) -> Json:
    value: Json = manifest.model_dump(mode="json")
    return value


def _unlike(top: str, said: Json, follows: Json, why: str) -> Iterator[Finding]:
    for leaf in side_by_side(said, follows):
        if not (leaf.same or leaf.difference == 0):  # 5 and 5.0 are one number
            yield Finding(".".join(filter(None, (top, leaf.path))), leaf.before, leaf.after, why)


def _show(manifest: Manifest) -> Report:
    """Return the report that follows from *manifest*.

    Raises:
        Unreadable: None follows.
    """
    with _following():
        if isinstance(manifest, RunManifest):
            return show_run(manifest.evidence, manifest.provenance)
        records = sweep_records(manifest.records)
        return report_sweep(records, manifest.title, manifest.made, manifest.versions)


@contextlib.contextmanager
def _following() -> Iterator[None]:
    """Name what a report lacks or has too much of, where making its figures or its page fails on it."""
    try:
        yield
    except (LanesError, ValueError, LookupError, TypeError, ArithmeticError, AttributeError) as error:
        raise Unreadable(f"no report follows from it: {type(error).__name__}: {error}") from error


def _plots(folder: Path | None, manifest: Manifest, report: Report) -> tuple[list[Finding], list[str]]:
    """Return the plots that do not follow, and what was not judged of them."""
    found: list[Finding] = []
    notes = []
    versions = manifest.provenance.versions if isinstance(manifest, RunManifest) else manifest.versions
    here = version(_DRAWS)
    if versions.get(_DRAWS) == here:
        for plot in report.plots:
            if plot.digests and (said := manifest.plots.get(plot.name)):
                pairs = zip(("svg", "png", "csv"), (said.svg, said.png, said.csv), plot.digests, strict=True)
                found += [
                    Finding(f"plots.{plot.name}.{kind}", str(before), str(after), "drawn again from the evidence")
                    for kind, before, after in pairs
                    if before != after
                ]
            elif plot.digests:
                found.append(Finding(f"plots.{plot.name}", "(absent)", "a plot", "the evidence"))
    else:
        notes.append(f"plots: drawn with matplotlib {versions.get(_DRAWS)}, and here is {here}")
    return found + list(_files(folder, manifest.plots, report)), notes


def _files(folder: Path | None, plots: dict[str, Images], report: Report) -> Iterator[Finding]:
    """Yield the files of plots beside the report that are others than it says."""
    if folder is None or not (folder / "plots").is_dir() or (folder / "plots").is_symlink():
        return
    for name in {plot.name for plot in report.plots} & set(plots):
        for kind, follows in (("png", plots[name].png), ("svg", plots[name].svg), ("csv", plots[name].csv)):
            path = folder / "plots" / f"{name}.{kind}"
            if not path.is_file() or follows is None:
                continue
            data = read_file(path)
            if kind == "svg":  # the page has its element alone
                _, mark, rest = data.partition(b"<svg")
                data = (mark + rest).rstrip()
            digest = hashlib.sha256(data).hexdigest()
            if digest != follows:
                yield Finding(f"plots/{path.name}", f"SHA-256 {digest}", follows, "report.json")
    path = folder / "plots" / DRAWING
    drawn = next((section.drawing for section in report.sections if section.drawing), "")
    if path.is_file() and drawn and read_file(path) != alone(drawn).encode():
        yield Finding(f"plots/{DRAWING}", "another drawing", "the drawing of the run's states", "the evidence")
