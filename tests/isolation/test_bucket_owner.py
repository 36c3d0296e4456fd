"""Every call that names a bucket says whose it must be: a name lost to another account is neither read nor written."""

import ast
from pathlib import Path

SHARED = Path(__file__).resolve().parents[2] / "shared"
# moto's side, and the client of a user's own program, who brings the bucket and knows whose it is.
ELSEWHERE = ("local", "fmi", "scaffold/like")  # the last becomes code of a team, which reaches its own bucket alone
TRANSFERS = {"upload_file", "upload_fileobj", "download_file", "download_fileobj"}


def ownerless(source):
    """Yield the lines of calls that name a bucket and not its owner. ``**`` may bring both, and is looked at below."""
    nodes = list(ast.walk(ast.parse(source)))
    for call in (node for node in nodes if isinstance(node, ast.Call)):
        given = {keyword.arg for keyword in call.keywords}
        transfer = isinstance(call.func, ast.Attribute) and call.func.attr in TRANSFERS
        if (transfer and "ExtraArgs" not in given) or ("Bucket" in given and not {"ExpectedBucketOwner", None} & given):
            yield call.lineno
    for made in (node for node in nodes if isinstance(node, ast.Dict)):
        keys = {key.value for key in made.keys if isinstance(key, ast.Constant)}
        if "Bucket" in keys and not keys & {"ExpectedBucketOwner", "CreateBucketConfiguration"}:
            yield made.lineno


def test_every_call_says_who_must_own_the_bucket():
    found = [
        f"{path.relative_to(SHARED)}:{line}"
        for path in sorted(SHARED.rglob("*.py"))
        if not str(path.relative_to(SHARED)).startswith(ELSEWHERE)
        for line in ownerless(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_a_call_without_an_owner_is_found():
    assert list(ownerless("s3.get_object(Bucket=b, Key=k)")) == [1]
    assert list(ownerless("s3.upload_file(path, bucket, key)")) == [1]
    assert list(ownerless("call('put_object', {'Bucket': b})")) == [1]
    assert list(ownerless("s3.get_object(Bucket=b, Key=k, ExpectedBucketOwner=a)")) == []
    assert list(ownerless("s3.put_object(**on, Key=k)")) == []
