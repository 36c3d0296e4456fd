"""Workflow cards: each says what its workflow runs, owns and may be told.

Workflows are of two kinds, read by the same code. A shared one is ``statemachines/<key>.yaml`` with its template beside
it, for every team. A team's own is a folder, ``teams/<team>/<key>/`` with ``workflow.yaml`` and its template in it.
Other teams cannot name it, unless its card shares it; then it is ``<owner>/<key>`` to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from shared.config.card_file import CHILDREN, CardFile, CardPlace
from shared.config.check_card import Around, check_card, read_parameter
from shared.config.check_triggers import check_triggers
from shared.config.document import read_document
from shared.config.model import parse
from shared.config.problems import Problem
from shared.config.team import team_slugs
from shared.config.template import OWN, TEMPLATES, read_template
from shared.config.workflow_folder import CARD_NAME, TEMPLATE_STEM, check_folder, find_folders

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from shared.config.document import Document
    from shared.config.lane import Parameter
    from shared.config.problems import Problems
    from shared.config.settings import Settings
    from shared.config.template import Template

FOLDER = "statemachines"
CARD = ".yaml"


@dataclass(frozen=True, slots=True, eq=False)
class Card:
    """A workflow that teams can have.

    Attributes:
        key: What it is called, also in AWS's names.
        file: Its checked card.
        template: The path of its template.
        specs: What a run may be told.
        path: The card's file, relative to the project.
        document: The card's lines.
        definition: The template as it was read; None where it cannot be.
        folder: The folder of a team's own workflow; None for a shared one.
        owner: The team whose own it is; empty for a shared one.
    """

    key: str
    file: CardFile
    template: Path
    specs: tuple[Parameter, ...]
    path: str
    document: Document
    definition: Template | None
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
        broken: Those that cannot be used, as far as they can be read.
    """

    shared: Mapping[str, Card | None]
    own: Mapping[str, Mapping[str, Card | None]]
    broken: tuple[Card, ...]

    def of(self, team: str) -> dict[str, Card | None]:
        """Return what *team* may run, by what it calls each: its own, the shared ones, and those of others."""
        lent = {
            f"{owner}/{key}": card
            for owner, cards in self.own.items()
            if owner != team
            for key, card in cards.items()
            if card is None or card.file.share == "all" or team in card.file.share
        }
        return {**lent, **self.shared, **self.own.get(team, {})}

    def __iter__(self) -> Iterator[Card]:
        """Yield every usable card."""
        for cards in (self.shared, *self.own.values()):
            yield from (card for card in cards.values() if card)


def read_cards(root: Path, settings: Settings | None, problems: Problems) -> Cards:
    """Return every card of the project; *settings* are None when their own file has problems."""
    folder = root / FOLDER
    files = {path.name.removesuffix(CARD): path for path in sorted(folder.glob(f"*{CARD}")) if not _is_template(path)}
    for ending in TEMPLATES:
        for path in sorted(folder.glob(f"*{ending}")):
            files.setdefault(path.name.removesuffix(ending), path)
    around = Around(settings, frozenset(files), team_slugs(root))
    shared = {key: _read_card(root, CardPlace(key, f"{FOLDER}/{key}{CARD}", folder), around, problems) for key in files}
    own: dict[str, dict[str, _Read]] = {}
    for found in find_folders(root, problems):
        place = CardPlace(found.key, f"{found.path}/{CARD_NAME}", root / found.path, found.team)
        check_folder(root, found, problems)
        own.setdefault(found.team, {})[found.key] = _read_card(root, place, around, problems)
    every = [shared, *own.values()]
    return Cards(
        _usable(shared),
        {team: _usable(cards) for team, cards in own.items()},
        tuple(read.card for cards in every for read in cards.values() if read.card and not read.is_right),
    )


class _Read(NamedTuple):
    """A card as far as it can be read, and whether nothing is wrong with it."""

    card: Card | None
    is_right: bool


def _usable(cards: Mapping[str, _Read]) -> dict[str, Card | None]:
    return {key: read.card if read.is_right else None for key, read in cards.items()}


def _is_template(path: Path) -> bool:
    return path.name.endswith(TEMPLATES)


def _read_card(root: Path, place: CardPlace, around: Around, problems: Problems) -> _Read:
    before = len(problems.found)
    document = read_document(root / place.file, place.file, problems)
    file = document and parse(CardFile, document)
    template = _template(root, place, problems)
    shown = template.relative_to(root).as_posix()
    if not document or not file:
        read_template(template, shown, None, problems)
        return _Read(None, is_right=False)
    at_deployment = (name for name, each in file.parameters.items() if not each.by_reference)
    known = {*file.functions, *at_deployment, *(key for each in file.resources.values() for key in each), *OWN}
    known.update(file.uses.workflows if file.uses else ())
    known |= {CHILDREN} if file.children else set()
    definition = read_template(template, shown, known, problems)
    specs = tuple(read_parameter(name, parameter, document) for name, parameter in file.parameters.items())
    check_card(root, place, file, document, around)
    check_triggers(place, file, specs, document)
    folder = place.folder if place.owner else None
    card = Card(place.key, file, template, specs, place.file, document, definition, folder, place.owner)
    return _Read(card, is_right=len(problems.found) == before)


def _template(root: Path, place: CardPlace, problems: Problems) -> Path:
    """Return the path of the template: the one that is there, or where it should be."""
    stem = TEMPLATE_STEM if place.owner else place.key
    paths = [place.folder / f"{stem}{ending}" for ending in TEMPLATES]
    found = [path for path in paths if path.is_file()]
    for second in found[1:]:
        what = f"{found[0].name} is there too, and a workflow has one template"
        problems.add(Problem(second.relative_to(root).as_posix(), 1, what, "delete one"))
    return found[0] if found else paths[0]
