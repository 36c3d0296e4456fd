"""Whether what uploads start goes round, and whether S3 could tell whom an upload starts. Problems are reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.problems import nearest
from shared.config.triggers import Link, circles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.config.card_file import CardUpload
    from shared.config.cards import Card


def _link(card: Card, team: str) -> Link:
    uses = [each for each in (card.file.uses, *(step.uses for step in card.file.functions.values())) if each]
    starts = tuple(dict.fromkeys(key for each in uses for key in each.workflows))
    on = card.file.on if card.owner == team else None
    return Link(on.bucket.prefix if on and on.bucket else "", starts, on.feeds if on else ())


def check_chains(team: str, cards: Mapping[str, Card]) -> None:
    """Report where uploads of *team*'s workflows go round, and where S3 could not tell whom an upload starts.

    Args:
        team: The team's slug.
        cards: What it runs, by key.
    """
    links = {key: _link(card, team) for key, card in cards.items()}  # only its own are started by uploads
    own = {key: card for key, card in cards.items() if card.owner == team}
    for key, card in own.items():
        for fed in links[key].feeds:
            if not links.get(fed, Link()).prefix:
                started = [each for each, link in links.items() if link.prefix]
                fix = nearest(fed, started) if started else "no workflow of the team is started by uploads"
                card.document.problem(("on", "feeds"), f"no upload starts {fed!r}", fix)
    for key, fed in circles(links):
        what = f"{key} feeds {fed}, which leads back to {key}: it would go round for ever"
        own[key].document.problem(("on", "feeds"), what, "take it out of feeds; writing there is then denied")
    _check_filters(own)


def _check_filters(own: Mapping[str, Card]) -> None:
    """Report filters of one bucket that an object could match both: S3 refuses the whole configuration."""
    told = [(key, card, card.file.on.bucket) for key, card in own.items() if card.file.on and card.file.on.bucket]
    for place, (_, card, upload) in enumerate(told):
        for other, _, earlier in told[:place]:
            if _meet(upload, earlier):
                shown = f"{earlier.prefix}*{earlier.suffix}"
                what = f"{upload.prefix}*{upload.suffix} and {shown} of {other} can be one object, which S3 refuses"
                card.document.problem(("on", "bucket", "prefix"), what, "give each a folder of its own")


def _meet(one: CardUpload, other: CardUpload) -> bool:
    """Whether S3 says that two filters overlap: both their prefixes and their suffixes do.

    Source: S3 user guide, "Configuring event notifications using object key name filtering" (read 2026-11-29).
    """
    prefixes = one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)
    return prefixes and (one.suffix.endswith(other.suffix) or other.suffix.endswith(one.suffix))
