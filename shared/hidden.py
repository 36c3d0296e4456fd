"""What no page and no trace may show: task tokens, passwords, keys, signatures, environment values.

They become ``(hidden)``. A value is known by its name (``"password": ...``, ``X-Amz-Signature=...``), or by its own
form: an AWS key, a private key, a token of GitHub, GitLab, Slack or Hugging Face, the password in a URL, a long random
text in base64 as task and session tokens are. A secret that has neither, such as a word in the middle of a sentence, is
known to nobody. In doubt a value is hidden, which does no harm.

All is pure, and takes a time that grows as the text does: each search goes on where the one before has ended, and
nothing is looked for behind a position twice.
"""

from __future__ import annotations

import re
from itertools import pairwise
from string import ascii_lowercase, ascii_uppercase, digits
from typing import TYPE_CHECKING

from shared.values import as_list, as_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.values import Json

HIDDEN = "(hidden)"

# Words of a name, joined as names are: accessKey, access_key, access-key.
_ALWAYS = r"pass(?:word|wd|phrase|code)|pwd|(?:db|user|admin|root|redis|smtp|sql)_?pass(?![a-z])|authorization|cookie"
_KEYS = r"(?:api|access|private|secret|team|master|encryption|signing|account|shared)[_-]?key"
_MOSTLY = rf"secret|token(?!i[sz])|credential|signature|{_KEYS}|connection[_-]?string"
_SECRET = re.compile(rf"{_ALWAYS}|{_MOSTLY}|^sig$", re.IGNORECASE)
_FOR_SURE = re.compile(_ALWAYS, re.IGNORECASE)
_ABOUT = re.compile(
    r"[_-](?:arn|name|count|type|version|length|expiry|expiration|expires)s?$"
    r"|(?:Arn|Name|Count|Type|Version|VersionId|Length|Expiry|Expiration|Expires)s?$"
)
"""How a name ends that tells of a secret, and does not hold it."""
_ENVIRONMENT = re.compile(r"env|environ|environment|env(?:ironment)?_?var(?:iable)?s", re.IGNORECASE)
_NAMED_VALUE = ({"name", "value"}, {"key", "value"})
"""An entry of ECS's environments, or a tag: its name is shown."""

# What may begin a secret, in small letters. Only literals: the search is then five times as fast as with (?i).
_MAYBE = re.compile(
    rf"{_ALWAYS}|{_MOSTLY}|sig=|environ|://|-----begin|bearer|akia|asia|abia|acca|eyj"
    r"|gh[oprsu]_|github_pat_|glpat-|xox[abeprs]-|hf_[a-z]",
    re.ASCII,
)
_COLOUR = r"(?:\x1b\[[0-9;]{0,16}m){0,3}"
"""What logs for terminals have around a name and a value."""
_BEGINS = re.compile(
    rf"""
      (?P<name>(?:{_ALWAYS}|{_MOSTLY}|(?<![a-z])sig(?==)|(?<![a-z])environ(?:ment)?(?![a-z_-]))[\w.-]{{0,64}}+)
        (?P<sign>(?P<close>\\*+["'])[ \t]{{0,8}}[:=][ \t\n]{{0,8}}
          |{_COLOUR}[ \t]{{0,8}}[:=][ \t]{{0,8}}{_COLOUR}|[ \t]{{1,8}}|\()
    | (?P<url>://[^\s:/@"'<>]{{0,256}}+:)(?=[^\s/@"'<>]{{1,512}}+@)
    | (?P<pem>-----BEGIN\ [A-Z\ ]{{0,30}}PRIVATE\ KEY-----)
    | (?P<bearer>Bearer[ \t]{{1,8}})(?=[\w.~+/-]{{16}})
    | (?<![A-Z0-9])(?P<id>(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{{12,28}})(?![A-Z0-9])
    | (?<![A-Za-z0-9])(?P<vendor>
        (?:gh[oprsu]_|hf_)[A-Za-z0-9]{{30,}}+|(?:github_pat_|glpat-|xox[abeprs]-)[\w-]{{20,}}+)
    | (?<![\w-])(?P<jwt>eyJ[\w-]{{8,}}+\.[\w-]{{8,}}+(?:\.[\w-]*+)?)
    """,
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_FLAG = re.compile(r"--[\w-]*\Z", re.ASCII)
_LONGEST_FLAG = 40
_QUOTE = re.compile(r"""\\*+["']""")
_PREFIX = re.compile(r"""[bBrRuU]{1,2}(?=["'])""")  # of a text as Python shows it
_QUOTE_OR_LINE = re.compile(r"""(?<!\\)\\*+["']|\n""")
_BARE = re.compile(r"""[^\s,;&"'\\<>{}\[\])\x1b]+""")
_LINE = re.compile(r"""[^\r\n"'\\]+""")
_URL_PASSWORD = re.compile(r"""[^\s/@"'<>]{1,512}(?=@)""")
_BEARER = re.compile(r"[\w.~+/=-]+")
_PEM = re.compile(r"""[^"']*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|(?=["'])|\Z)""")  # it always matches
_PART = re.compile(r"""(?<!\\)\\*+["']|[{}\[\](),:=]|[^\s{}\[\](),:="'\\]+|\\+""")
_NAME_FOLLOWS = re.compile(r"[ \t\r\n]{0,64}[:=]")
_NUMBER = re.compile(r"-?[0-9][0-9.eE+-]*")
_WORDS = frozenset({"true", "false", "null", "None", "True", "False"})
_RANDOM = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40,}+={0,2}")
_SECRET_KEY = 40  # characters of an AWS secret access key
_TOKEN = 100  # a task token is 128 characters on the embedded cloud, and longer on AWS; so are tokens of sessions
_CHANGES = 0.4  # of neighbours that are of different kinds: 0.65 in random base64, 0.25 in long paths
_KINDS = str.maketrans(
    {**dict.fromkeys(digits, "0"), **dict.fromkeys(ascii_uppercase, "A")} | dict.fromkeys(ascii_lowercase, "a")
)
_SMALL = str.maketrans(ascii_uppercase, ascii_lowercase)


def hide(value: Json) -> Json:
    """Return *value* with ``(hidden)`` for each value in it that is a secret. Objects and lists keep their shape."""
    return _hide(value, "")


def hide_text(text: str) -> str:
    """Return *text*, such as lines of a log or a document, with ``(hidden)`` for each secret in it.

    JSON stays JSON, also JSON that is quoted in a text.
    """
    return _RANDOM.sub(lambda run: HIDDEN if _is_random(run[0]) else run[0], "".join(_pieces(text)))


def _hide(value: Json, name: str) -> Json:
    if _is_environment(name) and isinstance(value, (dict, list)):
        return _blank(value)
    if name and _is_secret(name) and not _is_count(name, value):
        return _blank(value)
    if isinstance(value, str):
        return hide_text(value)
    if isinstance(value, dict):
        return _hide_object(as_mapping(value))
    if isinstance(value, list | tuple):
        return [_hide(each, "") for each in value]
    return value


def _hide_object(value: Mapping[str, Json]) -> Json:
    pair = {key.lower(): each for key, each in value.items()}
    named = pair.get("name", pair.get("key")) if pair.keys() in _NAMED_VALUE else None
    shown: dict[str, Json] = {}
    for key, each in value.items():
        name = named if isinstance(named, str) and key.lower() == "value" else key
        told = hide_text(key)
        while told in shown:  # of two names that are secrets, none takes the other's place
            told += "'"
        shown[told] = _hide(each, name)
    return shown


def _blank(value: Json) -> Json:
    """Return *value* with all that it holds hidden, but the names in it, and that nothing is there."""
    if value is None or isinstance(value, bool) or value in ("", [], {}):
        return value
    if isinstance(value, dict):
        told = as_mapping(value)
        pair = {key.lower() for key in told} in _NAMED_VALUE
        return {key: each if pair and key.lower() != "value" else _blank(each) for key, each in told.items()}
    if isinstance(value, list | tuple):
        return [_blank(each) for each in as_list(value)]
    return HIDDEN


def _is_secret(name: str) -> bool:
    if _FOR_SURE.search(name):
        return True
    return bool(_SECRET.search(name)) and not _ABOUT.search(name)


def _is_environment(name: str) -> bool:
    return bool(_ENVIRONMENT.fullmatch(name))


def _is_count(name: str, value: Json) -> bool:
    """Whether a number is rather how many there are: ``max_tokens``. A password may be a number."""
    return isinstance(value, int | float) and not _FOR_SURE.search(name)


def _pieces(text: str) -> Iterator[str]:
    """Yield the parts of *text* in their order, secrets that are known by their names or beginnings replaced."""
    small = text.lower()
    if len(small) != len(text):  # a letter that has two in small
        small = text.translate(_SMALL)
    shown = at = 0
    while maybe := _MAYBE.search(small, at):
        at = maybe.end()
        begins = _BEGINS.match(text, maybe.start())
        if begins and (told := _told(text, begins)):
            instead, at = told
            yield text[shown : begins.start()]
            yield from instead
            shown = at
    yield text[shown:]


def _told(text: str, begins: re.Match[str]) -> tuple[list[str], int] | None:
    """Return what to show instead of the secret that *begins*, and where the text goes on; None if it is none."""
    end = begins.end()
    if begins["name"]:
        return _named(text, begins)
    if begins["url"] or begins["bearer"]:
        secret = (_URL_PASSWORD if begins["url"] else _BEARER).match(text, end)
        return [begins[0], HIDDEN], secret.end() if secret else end
    if begins["pem"] and (secret := _PEM.match(text, end)):
        end = secret.end()
    return [HIDDEN], end


def _named(text: str, begins: re.Match[str]) -> tuple[list[str], int] | None:
    """Hide the value behind a name; None where there is none, or it is no secret."""
    name, end = begins["name"], begins.end()
    inside = text[end : end + 1] in {"{", "["}
    if name.lower().startswith("environ"):
        return _blanked(text, begins) if inside else None
    if not (_has_value(text, begins) and _is_secret(name)):
        return None
    if inside:
        return _blanked(text, begins)
    header = begins["sign"].startswith(":") and name.lower().startswith(("authorization", "cookie"))
    if header and (line := _LINE.match(text, end)):
        return [begins[0], HIDDEN], line.end()
    value, after = _scalar(text, end, begins["close"] or "")
    counts = begins["close"] or "token" in name.lower()
    if counts and not _FOR_SURE.search(name) and _NUMBER.fullmatch(text, end, after):
        return None
    return [begins[0], value], after


def _has_value(text: str, begins: re.Match[str]) -> bool:
    """Say whether a value comes behind the name: a sign does, or the name is a command's option; not in an ARN."""
    if begins["sign"].isspace():
        return bool(_FLAG.search(text, max(0, begins.start() - _LONGEST_FLAG), begins.start()))
    in_arn = begins["sign"] == ":" and text.endswith(":", 0, begins.start())
    return begins["sign"] != "(" and not in_arn


def _scalar(text: str, at: int, quoted_as: str) -> tuple[str, int]:
    """Return what to show for the value that begins *at*, and where it ends.

    Args:
        text: All of it.
        at: Where the value begins.
        quoted_as: The quote to write around it where it has none, since its name is in quotes; may be empty.
    """
    if text.startswith(HIDDEN, at):
        return HIDDEN, at + len(HIDDEN)
    prefix = _PREFIX.match(text, at)
    if quote := _QUOTE.match(text, prefix.end() if prefix else at):
        inside, after = _close(text, quote)
        return f"{quote[0]}{HIDDEN if inside else ''}{quote[0]}", after
    bare = _BARE.match(text, at)
    if bare is None or bare[0] in _WORDS:
        return "", at
    return f"{quoted_as}{HIDDEN}{quoted_as}", bare.end()


def _close(text: str, quote: re.Match[str]) -> tuple[bool, int]:
    """Return whether anything is in the quoted text that *quote* opens, and where it ends: behind its closing quote.

    JSON that is quoted n times has quotes with 2^n - 1 backslashes. Inside of it, a quote has more of them. One that is
    never closed ends with its line.
    """
    depth = len(quote[0])  # 1, 2, 4: a quote that closes has depth - 1 backslashes, beside those of the value itself
    at = quote.end()
    while (found := _QUOTE_OR_LINE.search(text, at)) and found[0] != "\n":
        if found[0][-1] == quote[0][-1] and len(found[0]) % (2 * depth) == depth % (2 * depth):
            return found.end() > quote.end() + len(quote[0]), found.end()
        at = found.end()
    return True, found.start() if found else len(text)


def _blanked(text: str, found: re.Match[str]) -> tuple[list[str], int]:
    """Hide all values of the object or list behind a name; names in it are shown."""
    pieces, shown, at, depth = [found[0]], found.end(), found.end(), 0
    while part := _PART.search(text, at):
        at = part.end()
        if part[0] in "{[(":
            depth += 1
        elif part[0] in "}])":
            depth -= 1
            if depth <= 0:
                break
        elif part[0] not in ",:=":
            quote = _QUOTE.match(text, part.start())
            inside, at = _close(text, quote) if quote else (part[0] not in _WORDS, at)
            if not inside or _NAME_FOLLOWS.match(text, at):
                continue
            mark = quote[0] if quote else '"'
            pieces += [text[shown : part.start()], f"{mark}{HIDDEN}{mark}"]
            shown = at
    return [*pieces, text[shown:at]], at


def _is_random(text: str) -> bool:
    """Say whether *text*, letters and digits of base64, is as long and as mixed as a key or a token is."""
    bare = text.rstrip("=")
    if len(bare) != _SECRET_KEY and len(bare) < _TOKEN:
        return False
    kinds = bare[:1000].translate(_KINDS)
    changes = sum(one != other for one, other in pairwise(kinds))
    return {"0", "A", "a"} <= set(kinds) and changes >= _CHANGES * (len(kinds) - 1)
