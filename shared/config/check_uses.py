"""Whether what a card says that its code may use is there: its own resources, reviewed actions, shared data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.problems import nearest
from shared.config.services import HOW_TO_ADD, SERVICES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from shared.config.card_file import CardFile, CardFunction, CardUses
    from shared.config.document import Document, KeyPath


def check_uses(card: CardFile, commons: Collection[str], document: Document) -> None:
    """Report what a card's functions or its machine use and nobody declared.

    Args:
        card: The card.
        commons: The names that the settings give to shared data.
        document: The card's.
    """
    for path, told in all_uses(card):
        for kind, keys in _own(told):
            known = list(card.functions if kind == "functions" else card.resources[kind])
            for key in keys:
                if key not in known:
                    what = f"{kind}.{key} is not on the card"
                    fix = nearest(key, known) if known else f"declare it under {kind}: at the top of the card"
                    document.problem((*path, kind, key), what, fix)
        for action in told.services:
            if action not in SERVICES:
                why = f"{action} is not on the reviewed list of actions that keep no team's data"
                document.problem((*path, "services"), why, HOW_TO_ADD)
        for name in () if told.commons == "all" else told.commons:
            if name not in commons:
                fix = nearest(name, commons) if commons else "the settings name no commons"
                document.problem((*path, "commons"), f"{name!r} is no shared data of the settings", fix)
    for step, function in card.functions.items():
        _check_destinations(card, step, function, document)


def _check_destinations(card: CardFile, step: str, function: CardFunction, document: Document) -> None:
    told = function.asynchronous
    for end, to in (("onSuccess", told.on_success), ("onFailure", told.on_failure)) if told else ():
        keys = {"queues": to.queue, "topics": to.topic, "functions": to.function} if to else {}
        for kind, key in keys.items():
            known = list(card.functions if kind == "functions" else card.resources[kind])
            if key is not None and key not in known:
                path = ("functions", step, "async", end)
                document.problem(path, f"{kind}.{key} is not on the card", nearest(key, known))


def all_uses(card: CardFile) -> Iterator[tuple[KeyPath, CardUses]]:
    """Yield what the machine and each function of *card* use, and where that stands."""
    if card.uses:
        yield ("uses",), card.uses
    for step, function in card.functions.items():
        if function.uses:
            yield ("functions", step, "uses"), function.uses


def _own(told: CardUses) -> Iterator[tuple[str, Collection[str]]]:
    yield "tables", told.tables
    yield "buckets", told.buckets
    yield "queues", told.queues
    yield "topics", told.topics
    yield "secrets", told.secrets
    yield "settings", told.settings
    yield "functions", told.functions
