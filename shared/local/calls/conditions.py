"""The condition keys that a call gives values to: tags, and its service's own keys (``service_keys``).

An action gets only the keys that it has by its service's page of the Service Authorization Reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.calls.service_keys import OF_SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.iam.catalogue import Action
    from shared.local.calls.asked import Asked
    from shared.local.calls.service_keys import Given

Keys = dict[str, tuple[str, ...]]

# Tags are lists of pairs or maps, under names that differ by service (each operation's API page).
_TAGS = (
    "Tags",
    "tags",
    "ResourceTags",
    "TagList",
    "CreateBucketConfiguration.Tags",
    "TagSpecifications[].Tags",
)
_TAG_KEYS = ("TagKeys", "tagKeys", "ResourceTagKeys")
_KEY_NAMES = ("Key", "key", "TagKey")
_VALUE_NAMES = ("Value", "value", "TagValue")


def keys_of(asked: Asked, action: Action, resource: str | None) -> Keys:
    """Return those keys of *action* that the call gives values to, with the values."""
    if not action.condition_keys:
        return {}
    service = OF_SERVICE.get(action.service)
    found: Keys = {}
    for given in (_tags(asked), _tags_of(asked, action, resource), service(asked, resource) if service else ()):
        for key, values in given:
            if _is_of(key, action):
                found[key] = values
    return found


def _is_of(key: str, action: Action) -> bool:
    folded = key.lower()
    if folded in action.condition_keys:
        return True
    start = folded.partition("/")[0]
    return "/" in folded and any(each.startswith((f"{start}/$", f"{start}/<")) for each in action.condition_keys)


def _tags(asked: Asked) -> Given:
    pairs = dict(_tag_pairs(asked))
    keys = [each for name in _TAG_KEYS for each in asked.texts(f"{name}[]")]
    for key, value in pairs.items():
        yield f"aws:RequestTag/{key}", (value,)
    if pairs or keys:
        yield "aws:TagKeys", (*pairs, *keys)


def _tags_of(asked: Asked, action: Action, resource: str | None) -> Given:
    """Yield the tags of the resource, if the action has keys for them."""
    own = f"{action.service}:resourcetag/"
    if resource and any(each.startswith(("aws:resourcetag/", own)) for each in action.condition_keys):
        for key, value in asked.facts.tags(resource).items():
            yield f"aws:ResourceTag/{key}", (value,)
            yield f"{action.service}:ResourceTag/{key}", (value,)


def _tag_pairs(asked: Asked) -> Iterator[tuple[str, str]]:
    for name in _TAGS:
        for tags in asked.all(name):
            if isinstance(tags, dict):
                yield from ((str(key), str(value)) for key, value in tags.items())
                continue
            for tag in tags if isinstance(tags, list) else ():
                if isinstance(tag, dict) and any(name in tag for name in _KEY_NAMES):
                    yield _first(tag, _KEY_NAMES), _first(tag, _VALUE_NAMES)


def _first(tag: Mapping[str, object], names: tuple[str, ...]) -> str:
    return next((str(tag[name]) for name in names if name in tag), "")
