"""The lemmas about names: the territories of any two slugs are disjoint, and every name is made inside one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.config.platform import SLUG
from shared.isolation.proof.finding import Finding
from shared.isolation.proof.names.slugs import clashing_heads, parse_rule, search_collision, separators_inside
from shared.isolation.proof.names.territory import SCHEMA_SEPARATOR, SEPARATORS, heads, templates_outside

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.config.lane import Place
    from shared.config.naming import Naming
    from shared.isolation.proof.names.commons import Commons


@dataclass(frozen=True, slots=True)
class NameRules:
    """What naming.yaml says: the slug rule (``[a-z][a-z0-9]{1,11}``), slugs that nobody may have, kind -> template.

    ``commons`` is the shared data that the settings name.
    """

    slug: str
    reserved: frozenset[str]
    templates: Mapping[str, str]
    commons: tuple[Commons, ...] = ()


def name_rules(naming: Naming, commons: tuple[Commons, ...] = ()) -> NameRules:
    """Return what the proof asks of naming.yaml, and the shared data."""
    templates = {kind: rule.template for kind, rule in naming.kinds.items()}
    return NameRules(naming.slug.pattern, frozenset(naming.slug.reserved), templates, commons)


def prove_names(names: NameRules, place: Place, teams: Sequence[str] = ()) -> tuple[list[Finding], list[str]]:
    """Show that the territories of any two slugs are disjoint, and that every name is made inside one.

    Args:
        names: The rules.
        place: The account and region.
        teams: Slugs that must follow the rules.

    Returns:
        What is wrong; and what was shown, if nothing is wrong.
    """
    try:
        rule = parse_rule(names.slug)
    except ValueError as error:
        return [_about_names(str(error))], []
    kinds, separators = heads(place), (*SEPARATORS, SCHEMA_SEPARATOR)
    findings = [
        _about_names(f"a slug may hold {separator!r}, so what stands before it does not tell the team")
        for separator in separators_inside(rule, separators)
    ]
    findings += [
        _about_names(f"one team's {short}... may be another's {long}...")
        for short, long in clashing_heads(rule, kinds, names.reserved)
    ]
    findings += [
        _about_names(f"the template of {kind} makes names that are not the team's own, or are no known ARN")
        for kind in templates_outside(names.templates, place)
    ]
    findings += [
        _about_names(f"{team!r} is no slug, or a reserved one, so its names may be another's")
        for team in teams
        if not rule.allows(team) or team in names.reserved - {SLUG}  # the platform's own, which no team can have
    ]
    collision = search_collision(rule, separators)
    if collision:
        findings.append(_about_names(f"the slugs {collision[0]!r} and {collision[1]!r} share names"))
    if findings:
        return findings, []
    return [], [
        f"slugs {names.slug} followed by {' or '.join(separators)} form a prefix code: no two teams' names meet",
        f"{len(kinds)} kinds of ARN begin so that no team's name of one kind is another's of a second",
        f"every template of naming.yaml ({len(names.templates)}) makes names inside its team's own",
    ]


def _about_names(why: str) -> Finding:
    fix = "keep slugs to lower-case letters and digits, and begin each template with {team} and a separator"
    return Finding(rule="slug", document="naming.yaml", why=why, fix=fix)
