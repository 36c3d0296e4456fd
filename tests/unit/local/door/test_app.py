"""The door as WSGI: which requests get through to the cloud, and what the others are told."""

import hashlib
import json
import time
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from shared.aws.access_key import AccessKey
from shared.local.door import signature
from shared.local.door.app import Door, Threshold
from shared.local.door.arrived import Arrived
from shared.local.door.callers import Keyring, caller_of
from shared.local.door.refused import FIX
from shared.local.door.sessions import Issuer, Session, new_owner_key

ACCOUNT = "123456789012"
USER = "arn:aws:iam::123456789012:user/ann"
ROLE = "arn:aws:iam::123456789012:role/r"


class Cloud:
    """A cloud behind the door, which reads and remembers each request."""

    def __init__(self):
        self.seen = []

    def __call__(self, environ, start):
        length = int(dict(environ["lanes.headers"]).get("content-length", 0))
        self.seen.append((environ, environ["wsgi.input"].read(length)))
        start("200 OK", [("Access-Control-Allow-Origin", "*"), ("Content-Type", "text/plain")])
        return [b"done"]


@pytest.fixture
def cloud():
    return Cloud()


@pytest.fixture
def issuer():
    return Issuer(new_owner_key())


@pytest.fixture
def users():
    return {"AKIAOFANN00000000000": (USER, "ann's")}


@pytest.fixture
def made():
    """When users and roles were made."""
    return {USER: 0, ROLE: 0}


@pytest.fixture
def knock(cloud, issuer, users, made, environ_of):
    """Send a request and return the status, the headers and the body of the answer."""

    def knock(arrived, body=b"", clock=time.time, **settings):
        door = Door(cloud, Keyring(issuer, ACCOUNT, clock, users.get, made.get), clock, ACCOUNT, **settings)
        told = []
        answer = Threshold(door)(
            environ_of(arrived, body), lambda status, headers: told.append((status, dict(headers)))
        )
        return *told[0], b"".join(answer)

    return knock


def test_the_owner_a_user_and_a_session_are_let_in_and_told_apart(knock, cloud, issuer, sign):
    for key in (issuer.owner, AccessKey("AKIAOFANN00000000000", "ann's"), issuer.of_role(ROLE, "s")):
        assert knock(sign(key))[0] == "200 OK"
    kinds = [(caller_of(environ).kind, caller_of(environ).arn) for environ, _ in cloud.seen]
    assert kinds == [
        ("root", f"arn:aws:iam::{ACCOUNT}:root"),
        ("user", USER),
        ("role", f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"),
    ]


def test_an_answer_says_nothing_of_cors(knock, issuer, sign):
    assert knock(sign(issuer.owner))[1] == {"Content-Type": "text/plain"}


def code_of(service, answer):
    _, headers, body = answer
    if headers["Content-Type"] == "application/json":
        assert headers["x-amzn-errortype"] == json.loads(body)["__type"]
        return json.loads(body)["__type"], json.loads(body)["message"]
    root = ET.fromstring(body)  # our own
    assert root.tag == {"s3": "Error", "ec2": "Response"}.get(service, "ErrorResponse")
    return root.findtext(".//Code"), root.findtext(".//Message")


UNKNOWN = AccessKey("AKIANOBODYS000000000", "x")
FORM = {"content-type": "application/x-www-form-urlencoded"}
CODES = {  # by service: for an unknown key, a wrong secret, a session that has ended, and one that is not ours
    "s3": ("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"),
    "sts": ("InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidClientTokenId"),
    "ec2": ("AuthFailure", "AuthFailure", "RequestExpired", "AuthFailure"),
    "lambda": ("UnrecognizedClient", "InvalidSignature", "ExpiredToken", "UnrecognizedClient"),  # and "Exception"
}


@pytest.mark.parametrize("service", CODES)
def test_who_is_not_let_in_hears_it_in_the_services_own_words_and_what_to_do(knock, cloud, issuer, sign, service):
    keys = (
        UNKNOWN,
        AccessKey(issuer.owner.id, "another"),
        issuer.of_role(ROLE, "s", seconds=-1),
        Issuer(new_owner_key()).of_role(ROLE, "s"),
    )
    headers = FORM if service in {"sts", "ec2"} else {}
    for key, code in zip(keys, CODES[service], strict=True):
        arrived = sign(key, service=service, method="POST", path="/", headers=headers, body=b"Action=X")
        answer = knock(arrived, b"Action=X")
        assert answer[0] == "403 Forbidden"
        told, message = code_of(service, answer)
        assert told.removesuffix("Exception") == code
        assert message.endswith(FIX)
    assert cloud.seen == []


def test_a_request_of_yesterday_is_told_what_to_do(knock, issuer, sign):
    arrived = sign(issuer.owner, service="lambda", method="GET")
    told, message = code_of("lambda", knock(arrived, clock=lambda: time.time() + 86400))
    assert told == "InvalidSignatureException"
    assert "Signature expired" in message
    assert "clock" in message


def test_a_head_request_is_refused_without_a_body(knock, sign):
    assert knock(sign(UNKNOWN, method="HEAD"))[2] == b""


def test_a_refusal_cannot_be_made_to_hold_markup(knock, sign):
    _, _, body = knock(sign(AccessKey("<script>alert(1)</script>", "x"), method="GET"))
    assert b"<script>" not in body


@pytest.mark.parametrize("size", [0, 10, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_another_body_than_was_signed_never_reaches_the_cloud_whole(knock, cloud, issuer, sign, size):
    body = bytes(size)
    assert knock(sign(issuer.owner, body=body), body)[0] == "200 OK"
    assert cloud.seen.pop()[1] == body
    status, headers, told = knock(sign(issuer.owner, body=body), body[:-1] + b"x")
    assert status == "403 Forbidden"
    assert code_of("s3", (status, headers, told))[0] == "XAmzContentSHA256Mismatch"
    assert cloud.seen == []


def test_a_body_that_is_signed_by_itself_is_read_once(knock, cloud, issuer, sign):
    body = json.dumps({"name": "x" * 5000}).encode()
    arrived = sign(issuer.owner, service="states", method="POST", body=body, headers={"x-amz-target": "A.B"})
    assert knock(arrived, body)[0] == "200 OK"
    assert cloud.seen.pop()[1] == body
    assert code_of("states", knock(arrived, body + b" "))[0] == "InvalidSignatureException"


def test_a_body_of_unknown_length_is_refused_as_by_s3(knock, issuer, sign):
    arrived = sign(issuer.owner)
    told = Arrived(arrived.method, arrived.target, [*arrived.headers, ("transfer-encoding", "chunked")])
    assert b"unknown length" in knock(told)[2]


def test_a_presigned_request_reaches_the_cloud_as_a_signed_one(knock, cloud, issuer, sign):
    assert knock(sign(issuer.owner, service="sts", method="GET", presign=60))[0] == "200 OK"
    told = cloud.seen[0][0]["HTTP_AUTHORIZATION"]
    assert told.startswith(f"AWS4-HMAC-SHA256 Credential={issuer.owner.id}/")
    assert "/us-east-1/sts/aws4_request" in told


def test_an_open_door_takes_any_key_for_the_owners_but_no_page_and_no_forged_session(knock, cloud, issuer, sign):
    assert knock(sign(UNKNOWN), any_key=True)[0] == "200 OK"
    assert caller_of(cloud.seen.pop()[0]).kind == "root"
    role = issuer.of_role(ROLE, "s")
    assert knock(sign(role), any_key=True)[0] == "200 OK"
    assert caller_of(cloud.seen.pop()[0]).kind == "role"  # workers are known there, too
    for known in (AccessKey(issuer.owner.id, "x"), AccessKey(role.id, "x", role.token)):
        assert knock(sign(known), any_key=True)[0] == "403 Forbidden"
    arrived = sign(UNKNOWN)
    page = Arrived(arrived.method, arrived.target, [*arrived.headers, ("origin", "https://evil.example")])
    assert knock(page, any_key=True)[0] == "403 Forbidden"
    assert cloud.seen == []


def test_a_page_is_refused_before_its_key_is_looked_at_and_told_what_works(knock, cloud, issuer, sign):
    arrived = sign(issuer.owner)
    page = Arrived(arrived.method, arrived.target, [*arrived.headers, ("sec-fetch-site", "cross-site")])
    status, headers, body = knock(page)
    assert status == "403 Forbidden"
    assert not any(name.lower().startswith("access-control") for name in headers)
    assert b'eval "$(lanes env)"' in body
    assert cloud.seen == []


def test_a_user_whose_key_is_taken_back_is_not_let_in_any_more(knock, users, sign):
    key = AccessKey("AKIAOFANN00000000000", "ann's")
    assert knock(sign(key))[0] == "200 OK"
    users.clear()
    assert knock(sign(key))[0] == "403 Forbidden"


def test_a_session_ends_when_it_says(knock, issuer, sign):
    key = issuer.of_role(ROLE, "s", seconds=60)
    assert knock(sign(key))[0] == "200 OK"
    assert knock(sign(key), clock=lambda: time.time() + 61)[0] == "403 Forbidden"


@pytest.mark.parametrize("arn", [USER, ROLE])
def test_a_session_ends_with_who_it_is_of_and_is_not_one_of_its_namesake(knock, issuer, made, sign, arn):
    now = int(time.time())
    key = issuer.issue(Session(arn, "s" if arn == ROLE else "", now, now + 60))
    made[arn] = now + 0.9  # within the second that the session began in
    assert knock(sign(key))[0] == "200 OK"
    made[arn] = now + 1
    status, _, body = knock(sign(key))
    assert (status, b"made anew" in body) == ("403 Forbidden", True)
    del made[arn]
    assert knock(sign(key))[0] == "403 Forbidden"


def in_pieces(arrived, key, *pieces):
    """Return *arrived* as it is if its body comes in signed pieces, and that body."""
    kept = [pair for pair in arrived.headers if pair[0] not in {"authorization", "x-amz-content-sha256"}]
    word = ("x-amz-content-sha256", signature.SIGNED_CHUNKS[0])

    def request(signed):
        return Arrived(arrived.method, arrived.target, [*kept, word, ("authorization", signed.authorization)])

    signed = signature.read(request(signature.read(arrived)))
    digest = hashlib.sha256(signature.canonical(signed, request(signed), word[1])).hexdigest()
    text = f"{signature.ALGORITHM}\n{signed.moment}\n{signed.scope}\n{digest}"
    signed = replace(signed, signature=signature.sign(signed, key.secret, text).decode())
    body, before, empty = b"", signed.signature, hashlib.sha256().hexdigest()
    for piece in (*pieces, b""):
        seen = hashlib.sha256(piece).hexdigest()
        text = f"AWS4-HMAC-SHA256-PAYLOAD\n{signed.moment}\n{signed.scope}\n{before}\n{empty}\n{seen}"
        before = signature.sign(signed, key.secret, text).decode()
        body += f"{len(piece):x};chunk-signature={before}\r\n".encode() + piece + b"\r\n"
    return request(signed), body


@pytest.mark.parametrize("size", [5, 1 << 20])
def test_signed_pieces_are_checked_on_the_way(knock, cloud, issuer, sign, size):
    arrived, body = in_pieces(sign(issuer.owner), issuer.owner, b"a" * 5, b"b" * size)
    assert knock(arrived, body)[0] == "200 OK"
    assert cloud.seen.pop()[1] == b"a" * 5 + b"b" * size  # what they hold, and nothing around it
    answer = knock(arrived, body.replace(b"bbb", b"bcb"))
    assert code_of("s3", answer)[0] == "SignatureDoesNotMatch"
    assert cloud.seen == []
