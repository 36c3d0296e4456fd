"""Workflow cards: ``statemachines/<key>.yaml`` says what the workflow beside it runs and what it may be told."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from shared.config.card_file import PACKAGE, CardFile
from shared.config.document import Document, read_document
from shared.config.lane import Parameter
from shared.config.limits import check_size
from shared.config.model import parse
from shared.config.parameters import coerce
from shared.config.template import OWN, read_template
from shared.config.variables import check_environment
from shared.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shared.config.card_file import CardFunction, CardImage, CardParameter, CardSample, CardTable, PackageKind
    from shared.config.limits import Limits
    from shared.config.problems import Problems

FOLDER = "statemachines"
CARD, TEMPLATE = ".yaml", ".asl.json"
KEY = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"  # of workflows and steps
PARAMETER_KEY = r"[A-Za-z][A-Za-z0-9_]*"


@dataclass(frozen=True, slots=True)
class Card:
    """A workflow that teams can have: its checked card, and the path of its template."""

    key: str
    description: str
    template: Path
    functions: dict[str, CardFunction]
    specs: tuple[Parameter, ...]
    sample: CardSample | None = None
    tables: Mapping[str, CardTable] = field(default_factory=dict)
    database: str | None = None
    image: CardImage | None = None
    package: PackageKind = "zip"

    def function_key(self, step: str) -> str:
        """Return what the function of *step* is called in a team's file."""
        return f"{self.key}-{step}"


def read_cards(root: Path, limits: Limits | None, problems: Problems) -> dict[str, Card | None]:
    """Return every card of the project by its workflow's key; None for a card that cannot be used."""
    folder = root / FOLDER
    cards = {path.name.removesuffix(CARD): path for path in sorted(folder.glob(f"*{CARD}"))}
    for path in sorted(folder.glob(f"*{TEMPLATE}")):
        if path.name.removesuffix(TEMPLATE) not in cards:
            cards[path.name.removesuffix(TEMPLATE)] = folder / (path.name.removesuffix(TEMPLATE) + CARD)
    return {key: _read_card(root, key, limits, problems) for key in cards}


def _read_card(root: Path, key: str, limits: Limits | None, problems: Problems) -> Card | None:
    file = f"{FOLDER}/{key}{CARD}"
    document = read_document(root / file, file, problems)
    card = document and parse(CardFile, document)
    if not document or not card:
        return None
    before = len(problems.found)
    if not re.fullmatch(KEY, key):
        document.problem((), f"the workflow's key {key!r} does not match {KEY}", "rename the card and the template")
    for step, function in card.functions.items():
        _check_function(root, step, function, limits, document)
    specs = tuple(_spec(name, parameter, document) for name, parameter in card.parameters.items())
    _check_placeholders(card, document)
    for table, entry in card.tables.items():
        _check_table(root, table, entry, document)
    if card.database and not (root / f"{card.database.replace('.', '/')}.py").is_file():
        document.problem(("database",), f"{card.database!r} is not there")
    _check_instead_of(card, document)
    if card.package == "image" and not card.image:
        document.problem((PACKAGE,), "nothing says how its functions become images", "write image: with a base in it")
    if card.sample and card.sample.prefix not in card.parameters:
        document.problem(("sample", "prefix"), f"{card.sample.prefix!r} is none of the card's parameters")
    template = root / FOLDER / f"{key}{TEMPLATE}"
    known = {*card.functions, *card.parameters, *card.tables, *OWN}
    read_template(template, f"{FOLDER}/{key}{TEMPLATE}", known, problems)
    if len(problems.found) > before:
        return None
    return Card(
        key,
        card.description,
        template,
        card.functions,
        specs,
        card.sample,
        card.tables,
        card.database,
        card.image,
        card.package,
    )


def _check_placeholders(card: CardFile, document: Document) -> None:
    """Report names that would be the same placeholder. A parameter may be called ``bucket``, as the lane's own is."""
    resources = [*card.functions, *card.tables]
    for name in [*resources, *card.parameters]:
        taken = name in resources and (name in card.parameters or name in OWN or resources.count(name) > 1)
        if name == "state_machine" or taken:
            document.problem((), f"{name!r} would be two placeholders of the template", "rename one")


def _check_instead_of(card: CardFile, document: Document) -> None:
    for name, parameter in card.parameters.items():
        if parameter.instead_of and parameter.instead_of not in card.parameters.keys() - {name}:
            document.problem(
                ("parameters", name, "insteadOf"), f"{parameter.instead_of!r} is none of the card's other parameters"
            )


def _check_table(root: Path, name: str, table: CardTable, document: Document) -> None:
    if not re.fullmatch(KEY, name):
        document.problem(("tables", name), f"the table {name!r} does not match {KEY}")
    if table.sample and not (root / FOLDER / table.sample).is_file():
        document.problem(("tables", name, "sample"), f"there is no {FOLDER}/{table.sample}")


def _check_function(root: Path, step: str, function: CardFunction, limits: Limits | None, document: Document) -> None:
    path = ("functions", step)
    if not re.fullmatch(KEY, step):
        document.problem(path, f"the step {step!r} does not match {KEY}")
    module = "/".join(function.handler.split(".")[:-1]) + ".py"
    if not (root / module).is_file():
        document.problem((*path, "handler"), f"{function.handler!r} is not there: there is no {module}")
    if limits:
        check_size(function.memory_size, limits.memory_size, (*path, "memorySize"), document)
        check_size(function.timeout, limits.timeout, (*path, "timeout"), document)
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
