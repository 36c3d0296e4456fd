"""Grades many reports at once: each is held to itself, and runs that several report are made again once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.errors import LanesError
from shared.measure.reports.evidence import RunManifest, SweepManifest
from shared.measure.verifying.consistent import judge_alone
from shared.measure.verifying.follows import compare
from shared.measure.verifying.rerun import check_same, key_of, make_again
from shared.measure.verifying.verdict import Finding, Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shared.config.load import Project
    from shared.measure.verifying.rerun import Bench
    from shared.measure.verifying.submission import Manifest, Submission

    Tell = Callable[[str], None]

_NO_SWEEP = "its runs are not made again: hand in lanes report of a single run for that"


@dataclass(frozen=True, slots=True)
class Alone:
    """A submission that was held to itself. ``manifest`` is None where it cannot be read, and ``why`` says why."""

    name: str
    manifest: Manifest | None
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    why: str = ""


def hold_alone(submissions: Sequence[Submission], tell: Tell) -> Iterator[Alone]:
    """Yield each of *submissions*, held to itself. What is wrong with one loses no other."""
    for number, each in enumerate(submissions, 1):
        tell(f"{number} of {len(submissions)}: {each.name}")
        try:
            manifest, findings, notes = judge_alone(each)
        except LanesError as error:
            yield Alone(each.name, None, why=str(error))
        except Exception as error:  # noqa: BLE001  what others hand in may break anything that reads it
            yield Alone(each.name, None, why=f"it cannot be followed: {type(error).__name__}: {error}")
        else:
            yield Alone(each.name, manifest, tuple(findings), tuple(notes))


def without_runs(alone: Sequence[Alone]) -> list[Verdict]:
    """Return the verdicts as far as reports tell by themselves."""
    return [_verdict(each, "consistent") for each in alone]


def with_runs(alone: Sequence[Alone], project: Project, open_bench: Callable[[], Bench], tell: Tell) -> list[Verdict]:
    """Return the verdicts, for which runs are made again: one for all reports of the same input, data and team.

    Args:
        alone: The submissions, held to themselves.
        project: Whose code the runs must have had.
        open_bench: Gives where runs are made; called when the first one is wanted.
        tell: Gets a line before each run.
    """
    known: dict[str, Sequence[RunManifest] | str] = {}
    verdicts = []
    for each in alone:
        manifest = each.manifest
        if not isinstance(manifest, RunManifest):
            verdicts.append(_verdict(each, "cannot be recomputed", why=_NO_SWEEP if manifest else ""))
            continue
        try:
            lane = check_same(project, manifest)
            key = key_of(manifest)
            if key not in known:
                try:
                    known[key] = make_again(open_bench(), lane, manifest, tell)
                except LanesError as error:
                    known[key] = str(error)
            again = known[key]
            if isinstance(again, str):
                verdicts.append(_verdict(each, "cannot be recomputed", why=again))
            else:
                found = compare(manifest, again)
                verdicts.append(_verdict(each, "verified", found.findings, notes=found.notes))
        except LanesError as error:
            verdicts.append(_verdict(each, "cannot be recomputed", why=str(error)))
        except Exception as error:  # noqa: BLE001  likewise
            why = f"it cannot be followed: {type(error).__name__}: {error}"
            verdicts.append(_verdict(each, "cannot be recomputed", why=why))
    return verdicts


def _verdict(
    alone: Alone, otherwise: Outcome, more: Sequence[Finding] = (), why: str = "", notes: Sequence[str] = ()
) -> Verdict:
    """Return the verdict of what was held to itself: *otherwise* where nothing speaks against it."""
    if alone.manifest is None:
        return Verdict(alone.name, "", "cannot be read", why=alone.why)
    findings = (*alone.findings, *more)
    outcome: Outcome = "does not follow" if findings else otherwise
    return Verdict(alone.name, _run_of(alone.manifest), outcome, findings, why, (*alone.notes, *notes))


def _run_of(manifest: Manifest) -> str:
    if isinstance(manifest, SweepManifest):
        return manifest.title
    run = manifest.evidence.run
    return f"{run.team} {run.workflow}"
