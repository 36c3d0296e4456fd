"""Parses JSONata with the library, and makes its answer that of JSONata 2.0.6."""

from __future__ import annotations

import re
from typing import Any

from shared.local.asl.languages.jsonata_regex import BadPatternError, Regex
from shared.local.asl.languages.jsonata_signature import Signature
from shared.local.asl.languages.jsonata_values import filled

# Operators of later versions, whose first letter alone is one in 2.0.6.
_LATER = ("?:", "??")
_FIELDS = (
    "expression", "steps", "procedure", "arguments", "body", "predicate", "stages", "expr", "group", "lhs", "rhs",
    "lhs_object", "terms", "condition", "then", "_else", "expressions", "pattern", "update", "delete",
)  # fmt: skip
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_SURROGATE = re.compile("[\ud800-\udfff]")


class ExpressionSyntaxError(ValueError):
    """A JSONata expression that does not parse."""


def parse(source: str) -> Any:
    """Return the syntax tree of *source*.

    Raises:
        ExpressionSyntaxError: It does not parse.
    """
    from jsonata import jexception  # 40 ms that only JSONata workflows pay

    try:
        tree = _tree(source)
    except jexception.JException as error:
        raise ExpressionSyntaxError(_reason(source, error)) from None
    except BadPatternError as error:
        raise ExpressionSyntaxError(f"S0303: {error}") from None
    except KeyError as error:
        raise ExpressionSyntaxError(_coded("S0204", token=error.args[0])) from None
    except IndexError:
        raise ExpressionSyntaxError(_coded("S0106" if "/*" in source else "S0101")) from None
    except RecursionError:
        raise ExpressionSyntaxError("The expression is nested too deeply") from None
    except RuntimeError as error:
        code = "S0401" if "Type parameters" in str(error) else "S0402"
        raise ExpressionSyntaxError(_coded(code)) from None
    _finish(tree, set())
    return tree


def _coded(code: str, **details: object) -> str:
    return f"{code}: {filled(code, details)}"


def _tree(source: str) -> Any:
    """Do what the library's own ``parse`` does, but read no operator that 2.0.6 does not have."""
    from jsonata import jexception, parser, tokenizer

    class Reader(tokenizer.Tokenizer):
        def next(self, prefix: bool) -> Any:  # noqa: FBT001  the library's
            token = super().next(prefix)
            if token is not None and token.type == "operator" and token.value in _LATER:
                self.position -= 1
                token.value = token.value[0]
            return token

    reader = parser.Parser()
    reader.source = source
    reader.lexer = Reader(source, Regex)
    reader.advance()
    tree = reader.expression(0)
    if reader.node.id != "(end)":
        raise jexception.JException("S0201", reader.node.position, reader.node.value)
    tree = reader.process_ast(tree)
    if tree.type == "parent" or tree.seeking_parent is not None:
        raise jexception.JException("S0217", tree.position, tree.type)
    return tree


def _reason(source: str, error: Any) -> str:
    """Return the code and text of the library's *error*, which lacks some of what the text needs."""
    code, first, second = str(error.error), error.current, error.expected
    if code == "S0301" and first is not None:
        return _coded("S0103", token=first)
    if code == "S0102":
        found = _NUMBER.match(source, error.location)
        return _coded(code, token=found[0] if found else source)
    if code == "S0202":
        return _coded(code, value=first, token=second)
    return _coded(code, value=first, token=first)


def _finish(node: Any, seen: set[int]) -> None:
    """Give the functions below *node* our signatures, and join the halves of letters in its texts."""
    if isinstance(node, (list, tuple)):
        for each in node:
            _finish(each, seen)
        return
    if not hasattr(node, "keep_array") or id(node) in seen:
        return
    seen.add(id(node))
    if node.signature is not None and not isinstance(node.signature, Signature):
        node.signature = Signature.of(node.signature)
    if isinstance(node.value, str) and _SURROGATE.search(node.value):
        node.value = node.value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    for field in _FIELDS:
        below = getattr(node, field)
        if below is not None:
            _finish(below, seen)
