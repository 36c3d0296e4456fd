"""Workflow cards: each says what its workflow runs, owns and may be told.

Workflows are of two kinds, read by the same code. A shared one is ``statemachines/<key>.yaml`` with its template beside
it, for every team. A team's own is a folder, ``teams/<team>/<key>/`` with ``workflow.yaml`` and its template in it.
Other teams cannot name it, unless its card shares it; then it is ``<owner>/<key>`` to them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from shared.config.card_file import PACKAGE, CardFile
from shared.config.check_functions import check_functions
from shared.config.check_uses import check_uses
from shared.config.document import read_document
from shared.config.handlers import check_handler
from shared.config.lane import Parameter
from shared.config.limits import check_size
from shared.config.model import parse
from shared.config.parameters import coerce
from shared.config.template import OWN, TEMPLATES, read_template
from shared.config.variables import check_environment
from shared.config.workflow_folder import CARD_NAME, check_folder, find_folders
from shared.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from shared.config.card_file import CardParameter, CardTable
    from shared.config.document import Document
    from shared.config.problems import Problems
    from shared.config.settings import Settings

FOLDER = "statemachines"
CARD = ".yaml"
KEY = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"  # of workflows, steps and resources
PARAMETER_KEY = r"[A-Za-z][A-Za-z0-9_]*"


@dataclass(frozen=True, slots=True)
class Card:
    """A workflow that teams can have.

    Attributes:
        key: What it is called, also in AWS's names.
        file: Its checked card.
        template: The path of its template.
        specs: What a run may be told.
        path: The card's file, relative to the project.
        folder: The folder of a team's own workflow; None for a shared one.
        owner: The team whose own it is; empty for a shared one.
    """

    key: str
    file: CardFile
    template: Path
    specs: tuple[Parameter, ...]
    path: str
    folder: Path | None = None
    owner: str = ""

    def function_key(self, step: str) -> str:
        """Return what the function of *step* is called in a team's file."""
        return f"{self.key}-{step}"

    def name_to(self, team: str) -> str:
        """Return what *team* calls the workflow in its file."""
        return self.key if self.owner in {"", team} else f"{self.owner}/{self.key}"

    @property
    def beside(self) -> Path:
        """The folder that the files named on the card are relative to."""
        return self.folder or self.template.parent


@dataclass(frozen=True, slots=True)
class Cards:
    """All cards of a project; None for one that cannot be used.

    Attributes:
        shared: By the workflow's key.
        own: By the team's slug, and the workflow's key.
    """

    shared: Mapping[str, Card | None]
    own: Mapping[str, Mapping[str, Card | None]] = field(default_factory=dict)

    def of(self, team: str) -> dict[str, Card | None]:
        """Return what *team* may run, by what it calls each: its own, the shared ones, and those of others."""
        lent = {
            f"{owner}/{key}": card
            for owner, cards in self.own.items()
            if owner != team
            for key, card in cards.items()
            if card and (card.file.share == "all" or team in card.file.share)
        }
        return {**lent, **self.shared, **self.own.get(team, {})}

    def __iter__(self) -> Iterator[Card]:
        """Yield every usable card."""
        for cards in (self.shared, *self.own.values()):
            yield from (card for card in cards.values() if card)


def read_cards(root: Path, settings: Settings | None, problems: Problems) -> Cards:
    """Return every card of the project; *settings* are None when their own file has problems."""
    folder = root / FOLDER
    cards = {path.name.removesuffix(CARD): path for path in sorted(folder.glob(f"*{CARD}")) if not _is_template(path)}
    for ending in TEMPLATES:
        for path in sorted(folder.glob(f"*{ending}")):
            cards.setdefault(path.name.removesuffix(ending), path)
    shared = {key: _read_card(root, _Place(key, f"{FOLDER}/{key}{CARD}"), settings, problems) for key in cards}
    own: dict[str, dict[str, Card | None]] = {}
    for found in find_folders(root, problems):
        place = _Place(found.key, f"{found.path}/{CARD_NAME}", root / found.path, found.team)
        check_folder(root, found, problems)
        own.setdefault(found.team, {})[found.key] = _read_card(root, place, settings, problems, taken=shared.keys())
    return Cards(shared, own)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a card is: its workflow's key, its file relative to the project, and whose it is."""

    key: str
    file: str
    folder: Path | None = None
    owner: str = ""


def _is_template(path: Path) -> bool:
    return path.name.endswith(TEMPLATES)


def _read_card(
    root: Path, place: _Place, settings: Settings | None, problems: Problems, *, taken: Collection[str] = ()
) -> Card | None:
    before = len(problems.found)
    document = read_document(root / place.file, place.file, problems)
    file = document and parse(CardFile, document)
    template = _template(root, place)
    if not document or not file:
        return None
    if not re.fullmatch(KEY, place.key):
        what = f"the workflow's key {place.key!r} does not match {KEY}"
        document.problem((), what, "rename the folder" if place.folder else "rename the card and the template")
    if place.key in taken:
        document.problem((), f"{place.key!r} is the name of a shared workflow", "rename the folder")
    if place.folder is None and file.share:
        document.problem(("share",), "every team may run a shared workflow", "take it out")
    specs = tuple(_spec(name, parameter, document) for name, parameter in file.parameters.items())
    card = Card(place.key, file, template, specs, place.file, place.folder, place.owner)
    for step in file.functions:
        _check_function(root, card, step, document)
    _check_keys(file, document)
    for table, entry in file.tables.items():
        _check_table(card, table, entry, document)
    _check_whole(root, place.folder, file, document)
    if settings:
        check_uses(file, settings.commons, document)
        check_functions(file, settings.region, document)
        for step, function in file.functions.items():
            check_size(function.memory_size, settings.limits.memory_size, ("functions", step, "memorySize"), document)
            check_size(function.timeout, settings.limits.timeout, ("functions", step, "timeout"), document)
    known = {*file.functions, *file.parameters, *(key for each in file.resources.values() for key in each), *OWN}
    read_template(template, template.relative_to(root).as_posix(), known, problems)
    return card if len(problems.found) == before else None


def _template(root: Path, place: _Place) -> Path:
    """Return the path of the template: the one that is there, or where it should be."""
    base = place.folder / "workflow" if place.folder else root / FOLDER / place.key
    paths = [base.with_name(base.name + ending) for ending in TEMPLATES]
    return next((path for path in paths if path.is_file()), paths[0])


def _check_whole(root: Path, folder: Path | None, card: CardFile, document: Document) -> None:
    """Report what one part of a card says and another one does not have."""
    if card.database and not (root / f"{card.database.replace('.', '/')}.py").is_file():
        document.problem(("database",), f"{card.database!r} is not there")
    for name, parameter in card.parameters.items():
        if parameter.instead_of and parameter.instead_of not in card.parameters.keys() - {name}:
            document.problem(
                ("parameters", name, "insteadOf"), f"{parameter.instead_of!r} is none of the card's other parameters"
            )
    if card.package == "image" and not card.image and not folder:
        document.problem((PACKAGE,), "nothing says how its functions become images", "write image: with a base in it")
    if card.sample and card.sample.prefix not in card.parameters:
        document.problem(("sample", "prefix"), f"{card.sample.prefix!r} is none of the card's parameters")


def _check_keys(card: CardFile, document: Document) -> None:
    """Report names that would be the same placeholder. A parameter may be called ``bucket``, as the lane's own is."""
    own = {"functions": card.functions, **card.resources}
    resources = [name for kind in own.values() for name in kind]
    for name in [*resources, *card.parameters]:
        taken = name in resources and (name in card.parameters or name in OWN or resources.count(name) > 1)
        if name == "state_machine" or taken:
            document.problem((), f"{name!r} would be two placeholders of the template", "rename one")
    for kind, keys in card.resources.items():
        for name in keys:
            if not re.fullmatch(KEY, name):
                document.problem((kind, name), f"{kind}.{name} does not match {KEY}", "write words with hyphens")


def _check_table(card: Card, name: str, table: CardTable, document: Document) -> None:
    if table.sample and not (card.beside / table.sample).is_file():
        document.problem(("tables", name, "sample"), f"there is no {table.sample} beside the card")


def _check_function(root: Path, card: Card, step: str, document: Document) -> None:
    function, path = card.file.functions[step], ("functions", step)
    if not re.fullmatch(KEY, step):
        document.problem(path, f"the step {step!r} does not match {KEY}")
    check_handler(root, card.folder, function.handler, (*path, "handler"), document)
    check_environment(function.environment, (*path, "environment"), document)


def _spec(name: str, parameter: CardParameter, document: Document) -> Parameter:
    path = ("parameters", name)
    if not re.fullmatch(PARAMETER_KEY, name):
        document.problem(path, f"the parameter {name!r} does not match {PARAMETER_KEY}")
    if name == PACKAGE:
        document.problem(path, f"the parameter {name!r} is what a team's file says zip or image with", "rename it")
    spec = Parameter(
        name,
        parameter.type,
        None,
        parameter.description,
        parameter.minimum,
        parameter.maximum,
        parameter.choices,
        parameter.upload,
        parameter.instead_of,
    )
    if parameter.upload and parameter.type != "string":
        document.problem((*path, "upload"), f"{name} is of type {parameter.type}, and only a string can name a file")
    try:
        return replace(spec, default=coerce(spec, parameter.default))
    except UsageError as error:
        document.problem((*path, "default"), f"the default: {error.what}")
    return spec
