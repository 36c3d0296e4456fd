"""botocore's signatures are right; after a change of any byte they are wrong."""

import hashlib
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote_to_bytes

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.aws.access_key import AccessKey
from shared.local.door import signature
from shared.local.door.arrived import Arrived
from shared.local.door.refused import RefusedError, Wrong

KEY = AccessKey("AKIALANESEXAMPLE0000", "a secret/with+signs=")
TOKEN = AccessKey("ASIAEXAMPLE000000000", "another", "a/token+of=some length==")

keys = st.sampled_from([KEY, TOKEN])
services = st.sampled_from(["s3", "lambda", "states", "sts", "execute-api"])
regions = st.sampled_from(["us-east-1", "eu-central-1"])
segments = st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1, max_size=8)
paths = st.lists(segments, max_size=4).map(lambda parts: "/" + "/".join(quote(part, safe="~") for part in parts))
words = st.text(string.ascii_letters + string.digits + "-_.~ +&=/ü%", max_size=8)
queries = st.lists(st.tuples(words.filter(bool), words), max_size=3).map(
    lambda pairs: "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
)
values = st.text(string.ascii_letters + string.digits + " ,;=/:", max_size=12)
headers = st.dictionaries(st.sampled_from(["x-amz-meta-one", "x-amz-acl", "content-type", "range"]), values, max_size=3)
bodies = st.binary(max_size=40)
requests = st.fixed_dictionaries(
    {
        "key": keys,
        "service": services,
        "region": regions,
        "method": st.sampled_from(["GET", "PUT", "POST", "DELETE"]),
        "path": paths,
        "query": queries,
        "headers": headers,
        "body": bodies,
        "presign": st.sampled_from([0, 0, 60]),
    }
)


def digest(data):
    return hashlib.sha256(data).hexdigest()


def check(arrived, key, body, now=None):
    signed = signature.read(arrived)
    if signed.key_id != key.id:
        raise RefusedError(Wrong.UNKNOWN_KEY, "nobody's")
    signature.check_time(signed, now or datetime.now(UTC))
    stated = signature.body_digest(signed)
    signature.check(signed, arrived, key.secret, digest(body) if stated is None else stated)
    if stated not in {None, signature.UNSIGNED} and stated != digest(body):
        raise RefusedError(Wrong.OTHER_BODY, "another body")
    return signed


@given(requests)
def test_what_botocore_signs_is_right(sign, told):
    arrived = sign(**told)
    # The body of a presigned request of S3 is not signed, and that of another service is empty.
    signed = check(arrived, told["key"], b"" if told["presign"] else told["body"])
    assert (signed.key_id, signed.token, signed.service) == (told["key"].id, told["key"].token, told["service"])


@given(requests, st.data())
def test_another_secret_is_wrong(sign, told, data):
    place = data.draw(st.integers(0, len(told["key"].secret) - 1))
    secret = told["key"].secret[:place] + "#" + told["key"].secret[place + 1 :]
    with pytest.raises(RefusedError):
        check(sign(**told), replace(told["key"], secret=secret), b"" if told["presign"] else told["body"])


def meaning(arrived, signed_headers):
    """Return the parts of a request that are signed, however they are spelt."""
    path, _, query = arrived.target.partition("?")
    pairs = sorted(tuple(map(unquote_to_bytes, pair.partition("=")[::2])) for pair in query.split("&") if pair)
    told = sorted((name, " ".join(value.split())) for name, value in arrived.headers if name in signed_headers)
    return arrived.method, [unquote_to_bytes(part) for part in path.split("/")], pairs, told


@given(requests, st.data())
def test_any_one_byte_changed_is_wrong(sign, told, data):
    arrived, body = sign(**told), b"" if told["presign"] else told["body"]
    signed_headers = {*signature.read(arrived).headers, "authorization"}
    where = data.draw(st.sampled_from(["method", "target", "header", *(["body"] if body else [])]))
    byte = st.integers(0x21, 0x7E)
    changed = arrived
    if where == "body":
        place = data.draw(st.integers(0, len(body) - 1))
        body = body[:place] + bytes([body[place] ^ data.draw(st.integers(1, 255))]) + body[place + 1 :]
    else:
        spot = data.draw(st.sampled_from([i for i, (name, _) in enumerate(arrived.headers) if name in signed_headers]))
        text = {"method": arrived.method, "target": arrived.target, "header": arrived.headers[spot][1]}[where]
        assume(text)
        place = data.draw(st.integers(0, len(text) - 1))
        other = text[:place] + chr(data.draw(byte)) + text[place + 1 :]
        pairs = list(arrived.headers)
        if where == "header":
            pairs[spot] = pairs[spot][0], other
        changed = Arrived(
            other if where == "method" else arrived.method, other if where == "target" else arrived.target, pairs
        )
        assume(meaning(changed, signed_headers) != meaning(arrived, signed_headers))
        if told["service"] != "s3":  # dots and doubled slashes in these paths mean nothing
            assume("." not in other and "//" not in other)
    with pytest.raises(RefusedError):
        check(changed, told["key"], body)


@given(requests, st.sampled_from(["x-amz-acl", "x-amz-meta-two", "x-amz-copy-source"]))
def test_a_header_of_amazons_that_is_not_signed_is_wrong(sign, told, name):
    arrived = sign(**told | {"headers": {}})
    more = Arrived(arrived.method, arrived.target, [*arrived.headers, (name, "x")])
    with pytest.raises(RefusedError, match="not signed"):
        check(more, told["key"], b"" if told["presign"] else told["body"])


def test_a_query_is_signed_whatever_its_order(sign):
    arrived = sign(KEY, method="GET", query="b=2&a=1&a=0")
    path, _, query = arrived.target.partition("?")
    assert sorted(parse_qsl(query)) == [("a", "0"), ("a", "1"), ("b", "2")]
    other = Arrived("GET", f"{path}?a=0&a=1&b=2", arrived.headers)
    check(other, KEY, b"")


@pytest.mark.parametrize(("service", "path"), [("s3", "/b/../c//d/./e"), ("lambda", "/b/../c//d/./e/"), ("sts", "")])
def test_dots_of_a_path_are_kept_for_s3_and_resolved_for_others(sign, service, path):
    assert check(sign(KEY, service=service, path=path, method="GET"), KEY, b"").service == service


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_request_holds_for_fifteen_minutes_before_and_after(sign, minutes, now):
    arrived = sign(KEY)
    check(arrived, KEY, b"", now + timedelta(minutes=14 * minutes / 16))
    with pytest.raises(RefusedError) as caught:
        check(arrived, KEY, b"", now + timedelta(minutes=minutes))
    assert caught.value.wrong is Wrong.SKEWED


def test_a_presigned_request_holds_as_long_as_it_says(sign, now):
    arrived = sign(KEY, method="GET", presign=3600)
    check(arrived, KEY, b"", now + timedelta(seconds=3590))
    with pytest.raises(RefusedError) as caught:
        check(arrived, KEY, b"", now + timedelta(seconds=3605))
    assert caught.value.wrong is Wrong.EXPIRED_REQUEST
    with pytest.raises(RefusedError) as caught:
        check(arrived, KEY, b"", now - timedelta(minutes=16))
    assert caught.value.wrong is Wrong.SKEWED


@pytest.mark.parametrize(
    "seconds", ["0", "604801", "-1", "", "1e3", "60.5", "0000000019999999", "1" * 5000, "9999999999999999999999"]
)
def test_a_presigned_request_holds_a_week_at_most(sign, seconds):
    arrived = sign(KEY, method="GET", presign=60)
    target = arrived.target.replace("X-Amz-Expires=60", f"X-Amz-Expires={seconds}")
    with pytest.raises(RefusedError, match="X-Amz-Expires"):
        signature.read(Arrived("GET", target, arrived.headers))


@pytest.fixture
def signed_by(sign):
    """Return a function that makes a request and changes its Authorization headers."""

    def make(*changes):
        good = sign(KEY)
        kept = [pair for pair in good.headers if pair[0] != "authorization"]
        return Arrived(
            "PUT", good.target, [*kept, *(("authorization", change(good.one("authorization"))) for change in changes)]
        )

    return make


def as_it_is(value):
    return value


def instead(old, new):
    return lambda value: value.replace(old, new)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda _: "", "is not AWS4-HMAC-SHA256"),
        (lambda _: "Basic QVdTOng=", "is not AWS4-HMAC-SHA256"),
        (lambda _: "AWS AKIA:c2ln", "Version 2"),
        (instead("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), "SigV4a"),
        (instead("/s3/", "/s3.evil.example/"), "a day, a region and a service"),
        (instead("/us-east-1/", "/../"), "a day, a region and a service"),
        (instead("aws4_request", "aws4"), "KEY/DAY"),
        (instead("SignedHeaders=host;", "SignedHeaders="), "must name host"),
        (instead("SignedHeaders=host;", "SignedHeaders=Host;"), "must name host"),
        (instead("SignedHeaders=host;", "SignedHeaders=host;host;"), "must name host"),
        (lambda _: "AWS4-HMAC-SHA256", "KEY/DAY"),
    ],
)
def test_what_makes_no_sense_is_said(signed_by, change, said):
    with pytest.raises(RefusedError, match=said) as caught:
        signature.read(signed_by(change))
    assert caught.value.wrong is Wrong.MALFORMED


def test_a_request_is_signed_once(sign, signed_by):
    presigned = sign(KEY, presign=60)
    both = Arrived(
        presigned.method, presigned.target, [*presigned.headers, ("authorization", sign(KEY).one("authorization"))]
    )
    for twice in (signed_by(as_it_is, as_it_is), both):
        with pytest.raises(RefusedError, match="signed twice"):
            signature.read(twice)


def test_nothing_unsigned_is_let_in_and_a_form_is_told_why():
    with pytest.raises(RefusedError, match="only signed requests") as caught:
        signature.read(Arrived("GET", "/", [("host", "127.0.0.1:4599")]))
    assert caught.value.wrong is Wrong.MISSING
    with pytest.raises(RefusedError, match="no presigned forms"):
        signature.read(Arrived("POST", "/bucket", [("content-type", "multipart/form-data; boundary=x")]))


@pytest.mark.parametrize("word", ["STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "x", "E" * 64])
def test_a_word_for_the_body_that_is_not_known_is_refused(sign, word):
    base = sign(KEY)
    told = [(name, word if name == "x-amz-content-sha256" else value) for name, value in base.headers]
    with pytest.raises(RefusedError, match="x-amz-content-sha256"):
        signature.read(Arrived(base.method, base.target, told))


def test_awss_own_example_of_a_signing_key():
    # IAM User Guide, "Troubleshoot AWS API request signing": the example secret, 20150830, us-east-1, iam.
    secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    key = signature.signing_key(secret, "20150830", "us-east-1", "iam")
    assert key.hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
