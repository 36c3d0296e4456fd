"""No code asks a boto3 client for its exception classes: they are made late, without a lock (see ``code_of``)."""

import ast
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from shared.errors import LanesError, code_of

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for folder in ("shared", "chalice_app", "tests") for path in (ROOT / folder).rglob("*.py"))


def lazy(source):
    """Return the lines of *source* that read ``exceptions`` off what is no module, or make a class by its code."""
    tree = ast.parse(source)
    modules = {name.asname or name.name.split(".")[0] for node in ast.walk(tree) for name in imported(node)}
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and (node.attr == "from_code" or (node.attr == "exceptions" and root(node) not in modules))
    ]


def imported(node):
    return node.names if isinstance(node, ast.Import | ast.ImportFrom) else ()


def root(node):
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def test_no_place_depends_on_a_clients_exception_classes():
    found = {str(path.relative_to(ROOT)): lazy(path.read_text(encoding="utf-8")) for path in SOURCES}
    assert len(found) > 500
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("try: c.get()\nexcept c.exceptions.NoSuchKey: pass", [2]),
        ("try: c.get()\nexcept aws('s3').exceptions.NoSuchKey: pass", [2]),
        ("e = self._client.exceptions", [1]),
        ("e = client.exceptions.from_code('x')", [1, 1]),
        ("import botocore.exceptions\ntry: c.get()\nexcept botocore.exceptions.ClientError: pass", []),
        ("import urllib3\ntry: c.get()\nexcept urllib3.exceptions.HTTPError: pass", []),
        ("exceptions = [1]\nprint(exceptions)", []),
    ],
)
def test_the_check_sees_them_in_every_shape(source, lines):
    assert lazy(source) == lines


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ClientError({"Error": {"Code": "NoSuchEntity", "Message": "no"}}, "GetRole"), "NoSuchEntity"),
        (ClientError({}, "GetRole"), ""),
        (EndpointConnectionError(endpoint_url="there"), ""),
        (LanesError("no"), ""),
    ],
)
def test_the_code_of_an_error(error, code):
    assert code_of(error) == code
