"""What nobody may keep in a file: values that are credentials, found by where they come from, their key, or their form.

A recording has ``<masked>`` in their place, and whoever records is told where. What was masked once is masked wherever
else it stands.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from shared.config.document import dotted, texts_in
from shared.config.variables import CREDENTIAL, names_secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.values import Json

MASK = "<masked>"
_JWT = re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}\b")
_SHORT = 6  # a value that is so short stands elsewhere by chance


class SecretValues:
    """The secret values of a run's data, as far as they were looked for."""

    def __init__(self) -> None:
        self._values: dict[str, None] = {}
        self.places: list[str] = []

    def look(self, what: str, value: Json, *, all_of_it: bool = False) -> None:
        """Look for secrets in *value*, which is called *what*; where any are is noted in ``places``.

        Args:
            what: ``the input``, or a state's call.
            value: JSON.
            all_of_it: Each text in it is one, whatever its key and form: the answer of a keeper of secrets.
        """
        for path, text in texts_in(value):
            inside = _parsed(text)
            if inside is not None:
                self.look(f"{what}: {dotted(path)}" if path else what, inside, all_of_it=all_of_it)
            found = _credentials(text)
            named = next((key for key in reversed(path) if isinstance(key, str)), "")
            if text and (all_of_it or names_secret(named)):
                found = [text]
            if found:
                self._values.update(dict.fromkeys(found))
                self.places.append(f"{what}: {dotted(path)}" if path else what)

    def masked(self, value: Json) -> Json:
        """Return *value* with a mask for each secret that was found."""
        if not self._values:
            return value
        whole = {text for text in self._values if len(text) < _SHORT}
        within = sorted(self._values.keys() - whole, key=len, reverse=True)
        pattern = re.compile("|".join(map(re.escape, within)) or r"(?!)")
        return _masked(value, whole, pattern)


def _credentials(text: str) -> list[str]:
    """Return the parts of *text* that are credentials by their form; of a private key, all of it."""
    found = [match[0] for pattern in (CREDENTIAL, _JWT) for match in pattern.finditer(text)]
    return [text] if any(each.startswith("-----") for each in found) else found


def _parsed(text: str) -> Json:
    """Return the object or list that *text* holds as JSON; None if it holds none."""
    if not text.startswith(("{", "[")):
        return None
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def _masked(value: Json, whole: Iterable[str], pattern: re.Pattern[str]) -> Json:
    if isinstance(value, str):
        return MASK if value in whole else pattern.sub(MASK, value)
    if isinstance(value, dict):
        return {key: _masked(item, whole, pattern) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, whole, pattern) for item in value]
    return value
