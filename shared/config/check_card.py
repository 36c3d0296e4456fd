"""What can be wrong on a card besides its shape. Problems are reported; nothing is raised."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.config.card_file import CHILDREN, PACKAGE
from shared.config.check_functions import check_functions
from shared.config.check_uses import check_uses
from shared.config.ecr_uri import in_ecr
from shared.config.handlers import check_handler
from shared.config.lane import Parameter
from shared.config.limits import check_size
from shared.config.model import told_keys
from shared.config.parameters import REFERENCE, read_value
from shared.config.problems import nearest
from shared.config.requirements_file import check_requirements, requirements_name
from shared.config.resources import DATABASE_COMPONENT, KEY_COMPONENT
from shared.config.template import OWN
from shared.config.variables import check_environment, check_no_credential, variables_of

if TYPE_CHECKING:
    from pathlib import Path

    from shared.config.card_file import CardFile, CardIndex, CardParameter, CardPlace, CardTable, CardValue
    from shared.config.document import Document, KeyPath
    from shared.config.settings import Settings

KEY = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"  # of workflows, steps and resources
_OF_KIND = {"items": "array", "properties": "object", "required": "object", "additionalProperties": "object"}
PARAMETER_KEY = r"[A-Za-z][A-Za-z0-9_-]*"


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a card.

    Attributes:
        settings: What all teams share; None when their file has problems.
        workflows: The keys of the shared workflows.
        teams: What the teams are called.
    """

    settings: Settings | None
    workflows: frozenset[str]
    teams: frozenset[str]


def check_card(root: Path, place: CardPlace, card: CardFile, document: Document, around: Around) -> None:
    """Report what is wrong on the *card* at *place*, and with the files that it names."""
    _check_key(place, document, around)
    _check_share(place, card, document, around)
    for step in card.functions:
        _check_function(root, place, card, step, document)
    _check_keys(card, document)
    _check_max_items(card, document)
    for name, table in card.tables.items():
        _check_table(place, name, table, document)
    for name in card.secrets:
        _check_secret(place, name, document)
    for name, setting in card.settings.items():
        check_no_credential(setting.value, ("settings", name, "value"), document)
    _check_whole(root, card, document)
    if card.sample and place.owner:
        what = "a writer of samples is code of the project's own, which a team's workflow does not choose"
        document.problem(("sample",), what, "put the files into sample/, each below the key that it gets in the bucket")
    _check_image(place, card, document)
    check_requirements(root, place.folder / requirements_name(place.key, own=bool(place.owner)), document.problems)
    if settings := around.settings:
        check_uses(card, settings.commons, document)
        check_functions(card, settings.region, document)
        for step, function in card.functions.items():
            check_size(function.memory_size, settings.limits.memory_size, ("functions", step, "memorySize"), document)
            check_size(function.timeout, settings.limits.timeout, ("functions", step, "timeout"), document)


def read_parameter(name: str, parameter: CardParameter, document: Document) -> Parameter:
    """Return the *parameter* called *name*; what is wrong with it goes to the document's problems."""
    path: KeyPath = ("parameters", name)
    if not re.fullmatch(PARAMETER_KEY, name):
        document.problem(path, f"the parameter {name!r} does not match {PARAMETER_KEY}")
    if name == PACKAGE:
        document.problem(path, f"the parameter {name!r} is what a team's file says zip or image with", "rename it")
    spec = replace(
        _read_shape(name, parameter, path, document),
        upload=parameter.upload,
        instead_of=parameter.instead_of,
        by_reference=parameter.by_reference,
        words=parameter.words,
    )
    if parameter.upload and parameter.type != "string":
        document.problem((*path, "upload"), f"{name} is of type {parameter.type}, and only a string can name a file")
    if parameter.upload and parameter.by_reference:
        what = f"{name} is a key of the bucket already, which upload gives it"
        document.problem((*path, "byReference"), what, "take out one of the two")
    if parameter.by_reference and {each.name for each in spec.properties} == set(REFERENCE):
        what = f"{name} would look like a reference, which has a bucket and a key, and nothing else"
        document.problem((*path, "properties"), what, "rename one of its keys")
    if parameter.words and (spec.items is None or spec.items.type != "string"):
        what = f"words are texts, and the items of {name} are not"
        document.problem((*path, "words"), what, "write type: array and items: {type: string}, or take it out")
    default, wrong = read_value(spec, parameter.default)
    for each in wrong:
        document.problem((*path, "default", *each.path), f"the default: {each.what}")
    return spec if wrong else replace(spec, default=default)


def _read_shape(name: str, value: CardValue, path: KeyPath, document: Document) -> Parameter:
    """Return what *value*, called *name* and standing at *path*, must be; what is wrong with it is reported."""
    for key, kind in _OF_KIND.items():
        if key in told_keys(value) and value.type != kind:
            what = f"{key} is for type {kind}, and {name} is of type {value.type}"
            document.problem((*path, key), what, f"write type: {kind}, or take it out")
    for key in value.required:
        if key not in value.properties:
            fix = nearest(key, value.properties)
            document.problem((*path, "required"), f"{key!r} is none of the properties of {name}", fix)
    if value.minimum is not None and value.maximum is not None and value.minimum > value.maximum:
        what = f"nothing is from {value.minimum:g} to {value.maximum:g}"
        document.problem((*path, "minimum"), what, "write the smaller one as the minimum")
    return Parameter(
        name,
        value.type,
        None,
        value.description,
        value.minimum,
        value.maximum,
        value.choices,
        nullable=value.nullable,
        items=_read_shape(f"an item of {name}", value.items, (*path, "items"), document) if value.items else None,
        properties=tuple(
            _read_shape(key, each, (*path, "properties", key), document) for key, each in value.properties.items()
        ),
        required=value.required,
        additional_properties=value.additional_properties,
    )


def _check_key(place: CardPlace, document: Document, around: Around) -> None:
    if not re.fullmatch(KEY, place.key):
        what = f"the workflow's key {place.key!r} does not match {KEY}"
        document.problem((), what, "rename the folder" if place.owner else "rename the card and the template")
    if place.owner and place.key in around.workflows:
        document.problem((), f"{place.key!r} is the name of a shared workflow too", "rename the folder")


def _check_share(place: CardPlace, card: CardFile, document: Document, around: Around) -> None:
    if card.share and not place.owner:
        document.problem(("share",), "every team may run a shared workflow", "take it out")
    elif card.share != "all":
        for team in card.share:
            if team not in around.teams:
                document.problem(("share",), f"there is no team {team!r} to share it with", nearest(team, around.teams))


def _check_function(root: Path, place: CardPlace, card: CardFile, step: str, document: Document) -> None:
    function, path = card.functions[step], ("functions", step)
    if not re.fullmatch(KEY, step):
        document.problem(path, f"the step {step!r} does not match {KEY}")
    folder = place.folder if place.owner else None
    image = card.image
    if not (card.package == "image" and image and (image.uri or image.dockerfile)):  # its code is in the image
        check_handler(root, folder, function.handler, (*path, "handler"), document)
    check_environment(function.environment, (*path, "environment"), document, variables_of(function.uses))


def _check_keys(card: CardFile, document: Document) -> None:
    """Report names that would be the same placeholder. A parameter may be called ``bucket``, as the lane's own is."""
    started = card.uses.workflows if card.uses else ()
    own = {"functions": card.functions, **card.resources, "workflows": started}
    resources = [name for kind in own.values() for name in kind]
    reserved = {"state_machine", CHILDREN} if card.children else {"state_machine"}
    for name in [*resources, *card.parameters]:
        taken = name in resources and (name in card.parameters or name in OWN or resources.count(name) > 1)
        if name in reserved or taken:
            document.problem((), f"{name!r} would be two placeholders of the template", "rename one")
    for kind, keys in card.resources.items():
        for name in keys:
            if not re.fullmatch(KEY, name):
                document.problem((kind, name), f"{kind}.{name} does not match {KEY}", "write words with hyphens")


def _check_max_items(card: CardFile, document: Document) -> None:
    """Report a number of items that is to be a parameter which is no number."""
    told = card.max_items
    if isinstance(told, str) and (told not in card.parameters or card.parameters[told].type != "integer"):
        what = f"maxItems names {told!r}, which is no parameter that is an integer"
        document.problem(("maxItems",), what, "write a number, or such a parameter's name")


def _check_table(place: CardPlace, name: str, table: CardTable, document: Document) -> None:
    """Report what DynamoDB would refuse: an attribute twice in a key, one of two types, times that are texts."""
    here: KeyPath = ("tables", name)
    types: dict[str, str] = {}
    parts: list[tuple[KeyPath, CardTable | CardIndex]] = [(here, table)]
    parts += [((*here, "indexes", key), index) for key, index in table.indexes.items()]
    for where, each in parts:
        keys = [attribute.partition(":") for attribute in (each.key, each.sort_key) if attribute]
        if [key for key, _, _ in keys].count(keys[0][0]) > 1:
            document.problem((*where, "sortKey"), f"{keys[0][0]!r} is the key already", "name another attribute")
        for key, _, kind in keys:
            if types.setdefault(key, kind or "string") != (kind or "string"):
                what = f"{key!r} is a {kind or 'string'} here and a {types[key]} elsewhere in the table"
                document.problem(where, what, "an attribute has one type")
    if table.sample:
        _check_beside(place, table.sample, (*here, "sample"), document)
    if table.sample and (table.sort_key or types[table.key.partition(":")[0]] != "string"):
        what = f"{name} has a sample, which goes into a table with one key, a string"
        document.problem((*here, "sample"), what, "take the sample out, or the sortKey")
    if table.ttl and types.get(table.ttl, "number") != "number":
        what = f"{name} expires by {table.ttl}, which is a {types[table.ttl]}: times are numbers"
        document.problem((*here, "ttl"), what, f"write {table.ttl}:number in the key")


def _check_secret(place: CardPlace, name: str, document: Document) -> None:
    """Report a secret that would be called like the platform's own, whose values the platform's role reads."""
    for component in (DATABASE_COMPONENT, KEY_COMPONENT):
        if f"{place.key}-{name}".startswith(f"{component}-"):
            what = (
                f"the secret would be called {place.key}-{name}, and the platform reads what begins with {component}-"
            )
            document.problem(("secrets", name), what, "call the workflow otherwise")


def _check_beside(place: CardPlace, name: str, path: KeyPath, document: Document) -> None:
    """Report a file called *name* at *path* that is not in the card's folder."""
    file = place.folder / name
    if not file.resolve().is_relative_to(place.folder.resolve()):
        document.problem(path, f"{name} leads out of the card's folder", "put the file beside the card")
    elif not file.is_file():
        document.problem(path, f"there is no {name} beside the card")


def _check_whole(root: Path, card: CardFile, document: Document) -> None:
    """Report what one part of a card says and another one does not have."""
    if card.database and not (root / f"{card.database.replace('.', '/')}.py").is_file():
        document.problem(("database",), f"{card.database!r} is not there")
    for name, parameter in card.parameters.items():
        if parameter.instead_of and parameter.instead_of not in card.parameters.keys() - {name}:
            document.problem(
                ("parameters", name, "insteadOf"), f"{parameter.instead_of!r} is none of the card's other parameters"
            )
    for name in card.parameters:
        if "-" in name and name.replace("-", "_") in card.parameters:
            what = f"{name!r} and {name.replace('-', '_')!r} are both --{name} on the command line"
            document.problem(("parameters", name), what, "rename one of them")
    if card.sample and card.sample.prefix not in card.parameters:
        document.problem(("sample", "prefix"), f"{card.sample.prefix!r} is none of the card's parameters")


def _check_image(place: CardPlace, card: CardFile, document: Document) -> None:
    """Report what is said of images and cannot be."""
    image = card.image
    if image is None:
        if card.package == "image" and not place.owner:
            fix = "write image: with a base in it"
            document.problem((PACKAGE,), "nothing says how its functions become images", fix)
        return
    told = told_keys(image)
    whole = next((key for key in ("uri", "dockerfile") if key in told), None)
    for key in told if whole else ():
        if key != whole:
            what = f"image.{key} says nothing beside image.{whole}, which is all of the image"
            document.problem(("image", key), what, "keep one of them")
    if image.uri and in_ecr(image.uri) is None:
        what = f"Lambda runs images from ECR only, and {image.uri} is elsewhere"
        document.problem(("image", "uri"), what, "write ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG")
    if image.dockerfile and not place.owner:
        document.problem(("image", "dockerfile"), "only a team's own workflow has a Dockerfile", "name a base")
    elif image.dockerfile:
        _check_beside(place, image.dockerfile, ("image", "dockerfile"), document)
