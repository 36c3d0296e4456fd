"""The project as all that plans, deploys and runs reads it: with every template held to what AWS says of definitions.

:func:`shared.config.load.load_project` checks what stands in the files. This adds what only the rooms above it know:
whether Step Functions takes each definition, filled for each lane, and whether the machine's role may make its calls.
Nothing is planned from what fails. It parses code and never imports it.

    project = load_valid(find_root(Path.cwd()))
    deployment = prepare_lane(project.lane("team2"), project, aws)
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from shared.config.card_file import CHILDREN
from shared.config.document import dotted, read_document
from shared.config.load import concluded, read_project
from shared.config.prepaid import bound
from shared.config.problems import ConfigError, Problem, Problems, nearest
from shared.config.team import FOLDER
from shared.config.template import placeholders
from shared.config.triggers import OBJECT, OBJECTS
from shared.isolation.proof.documents.document import SIZE_LIMITS, DocumentKind
from shared.isolation.roles.deployer import deployer_trust
from shared.isolation.roles.workflow_role import ungranted
from shared.local.asl.validation import problems_of
from shared.local.asl.validation.fields import KNOWN, PROCESSOR, TOP
from shared.run.definition_place import machine_of, place_of
from shared.run.own_writes import own_writes
from shared.run.trigger_inputs import check_inputs
from shared.run.undeclared import undeclared_inputs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from shared.config.cards import Card
    from shared.config.document import KeyPath
    from shared.config.lane import Lane
    from shared.config.load import Project
    from shared.config.template import Template
    from shared.local.asl.validation import Problem as Flaw
    from shared.values import Json

_NOBODY = ""
_UNKNOWN_FIELD = re.compile(r"Field '(.*)' is not supported$")
_UNKNOWN_CALL = re.compile(r"The resource provided arn:[\w-]+:states:::(\w+:\w+) is not recognized")
_FIELDS = KNOWN | PROCESSOR | TOP
_MISSING_TARGET, _ENDLESS = "MISSING_TRANSITION_TARGET", "MISSING_END_STATE"


def load_valid(root: Path, teams: Collection[str] = ()) -> Project:
    """Read and check all files of the project at *root*, and what AWS would say of its templates.

    Args:
        root: The project's folder.
        teams: As of :func:`shared.config.load.load_project`; only their lanes are held to it.

    Raises:
        ConfigError: Lists every problem of every file, with its line.
    """
    problems = Problems()
    return concluded(read_valid(root, problems, teams), problems, teams)


def load_each(root: Path, teams: Collection[str] = ()) -> tuple[Project, Mapping[str, ConfigError]]:
    """Read and check as :func:`load_valid`, for a command that goes on with the other teams where one is broken.

    Returns:
        The project, and what is wrong with each of the teams that has something wrong, by its slug.

    Raises:
        ConfigError: Lists what is wrong with what all teams share.
    """
    problems = Problems()
    read = read_valid(root, problems, teams)
    project = concluded(read, problems, [_NOBODY])
    broken = {}
    for team in teams or project.teams:
        try:
            concluded(project, problems, [team])
        except ConfigError as error:
            broken[team] = error
    return project, broken


def read_valid(root: Path, problems: Problems, teams: Collection[str] = ()) -> Project | None:
    """Read and check as :func:`load_valid` does; what is wrong goes to *problems*.

    Returns:
        What can be read, as of :func:`shared.config.load.read_project`.
    """
    project = read_project(root, problems)
    if project:
        lanes = [lane for team, lane in project.teams.items() if team in teams or not teams]
        seen = _check_lanes(project, lanes, problems)
        if not teams:
            _check_others(project, seen, problems)
    return project


def _check_lanes(project: Project, lanes: Iterable[Lane], problems: Problems) -> set[str]:
    """Check the template of each workflow as each of *lanes* has it; return the files of their cards."""
    told: dict[str, set[KeyPath]] = {}
    for lane in lanes:
        _check_access(project, lane, problems)
        for key in lane.workflows:
            card = project.card(lane.team, key)
            before = told.setdefault(card.path, set())  # what is wrong in many lanes is told once
            if card.definition:
                check = _Check(card, card.definition, placeholders(lane, key), problems, frozenset(before))
                check.all_of(lane)
                before |= check.told
    return set(told)


def _check_access(project: Project, lane: Lane, problems: Problems) -> None:
    """Tell a team that lets in more people than the trust policy of their role has room for."""
    trust = json.dumps(deployer_trust(lane.team, lane.place, lane.access).document())
    length, most = len("".join(trust.split())), SIZE_LIMITS[DocumentKind.TRUST]
    if length <= most:
        return
    file = f"{FOLDER}/{lane.team}.yaml"
    if document := read_document(project.root / file, file, problems):
        what = f"the trust policy of {lane.deployer} would have {length:,} characters, and IAM takes {most:,}"
        document.problem(("access",), what, "let in a permission set in place of many users, or name fewer")


def _check_others(project: Project, seen: Collection[str], problems: Problems) -> None:
    """Check the templates of cards that are not *seen*: nobody runs them, or something is wrong on the card."""
    for card in (*project.cards, *project.cards.broken):
        if card.definition and card.path not in seen:
            _Check(card, card.definition, _stand_ins(project, card), problems).definition_itself()


def _stand_ins(project: Project, card: Card) -> dict[str, Json]:
    """Return something of the right kind for each placeholder of the template of *card*."""
    place, file = project.place, card.file
    return {
        **{key: place.arn("states", f"stateMachine:{key}") for key in (file.uses.workflows if file.uses else ())},
        **{name: name for kind in file.resources.values() for name in kind},
        **{spec.name: spec.default for spec in card.specs},
        **{step: place.arn("lambda", f"function:{step}") for step in file.functions},
        "bucket": "bucket",
        "state_machine": place.arn("states", f"stateMachine:{card.key}"),
        **({CHILDREN: file.children.upper()} if file.children else {}),
    }


def _near(name: str, known: Iterable[str]) -> str:
    """Return the question whether one of the *known* was meant by *name*; "" when none is near."""
    fix = nearest(name, known)
    return fix if fix.startswith("did you mean") else ""


class _Check:
    """Checks one template with one lane's *values*; problems go where the template says them.

    What lies at the paths in *before* is told already. Those that are told here are in ``told``.
    """

    def __init__(
        self,
        card: Card,
        template: Template,
        values: dict[str, Json],
        problems: Problems,
        before: frozenset[KeyPath] = frozenset(),
    ) -> None:
        self._card, self._template, self._problems = card, template, problems
        self._definition = template.filled(values)
        self._left_out = before | template.unfilled(values)  # unknown placeholders are told where the file is read
        self.told: set[KeyPath] = set()

    def all_of(self, lane: Lane) -> None:
        """Check the definition, what it calls, and what it reads of its input."""
        self.definition_itself()
        workflow = lane.workflows[self._card.key]
        for call in ungranted(lane, workflow, self._definition):
            place = (*call.path, "Resource")
            if place not in self.told:  # nobody grants what is nothing
                self._tell(place, call.error.what, call.error.fix, call.path)
        if workflow.upload:
            self._own_writes(lane.bucket, workflow.upload.prefix)
        if lane.prepaid and not self.told:
            for each in bound(lane, workflow, self._definition).unheld:
                self._tell(each.path, f"the lane is prepaid, and {each.what}", each.fix)
        undeclared: set[str] = set()
        if not workflow.takes_any:
            known = [spec.name for spec in self._card.specs]
            if workflow.upload:
                known.append(OBJECTS if workflow.upload.window_seconds else OBJECT)
            undeclared = self._undeclared(known)
        check_inputs(workflow, self._definition, self._card.document, undeclared)

    def _undeclared(self, known: Collection[str]) -> set[str]:
        """Tell the inputs that are read and not *known*; return their names."""
        told = set()
        for path, name in undeclared_inputs(self._definition, known):
            what = f"it reads {name!r} of the run's input, and no parameter declares it"
            near = _near(name, known)
            self._tell(path, what, f"{near + ' or ' if near else ''}declare it under parameters: of {self._card.path}")
            told.add(name)
        return told

    def _own_writes(self, bucket: str, prefix: str) -> None:
        for path in own_writes(self._definition, bucket, prefix):
            what = f"it writes below {prefix}, whose uploads start it: it would go round for ever"
            self._tell(path, what, "write elsewhere, as below results/")

    def definition_itself(self) -> None:
        """Check what Step Functions checks when a machine is made."""
        flaws = problems_of(json.dumps(self._definition), self._card.file.type.upper(), here=False)
        places = [(flaw, self._place(flaw)) for flaw in flaws]
        lost = {path[:-1] for flaw, path in places if flaw.code == _MISSING_TARGET and path[-1] == "StartAt"}
        for flaw, path in places:
            unreached = flaw.code == _MISSING_TARGET and not flaw.message.startswith("Missing")
            if not (unreached and path[:-2] in lost):  # from nowhere nothing is reached
                self._tell(path, *self._words(flaw, path))

    def _place(self, flaw: Flaw) -> KeyPath:
        place = place_of(flaw.location or "/States", self._definition)
        return (*place, flaw.field) if flaw.field else place

    def _words(self, flaw: Flaw, path: KeyPath) -> tuple[str, str | None]:
        """Return what *flaw* at *path* is, and the fix where there is a known one; in AWS's words but for a few."""
        if flaw.code == _ENDLESS:
            return "no state ends the workflow", 'write "End": true in the last one'
        if call := _UNKNOWN_CALL.match(flaw.message):
            return flaw.message, f"write arn:aws:states:::aws-sdk:{call[1]}, if the service has that action"
        if flaw.code != _MISSING_TARGET or not flaw.message.startswith("Missing"):
            unknown = _UNKNOWN_FIELD.match(flaw.message)
            near = _near(unknown[1], _FIELDS) if unknown and unknown[1] not in _FIELDS else ""
            return flaw.message, near or None
        states, target = machine_of(path, self._definition)
        return f'"{target}" is no state of this machine', nearest(str(target), states)

    def _tell(self, path: KeyPath, what: str, fix: str | None, shown: KeyPath | None = None) -> None:
        if path in self._left_out:
            return
        self.told.add(path)
        document, where = self._template.document, dotted(path if shown is None else shown)
        self._problems.add(
            Problem(document.file, document.line(path), f"{where}: {what}" if where else what, fix, where)
        )
