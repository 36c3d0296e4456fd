"""A web page, a rebound name and a request with two meanings are refused; AWS's clients are let in."""

import pytest

from shared.local.door.arrived import Arrived
from shared.local.door.browser import why_foreign

PORT = 4599


def refused(method="GET", target="/bucket/key", host="127.0.0.1:4599", **headers):
    told = [("host", host)] + [(name.replace("_", "-"), value) for name, value in headers.items()]
    return why_foreign(Arrived(method, target, told), PORT) is not None


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:4599",
        "localhost:4599",
        "LocalHost:4599",
        "[::1]:4599",
        "bucket.localhost:4599",
        "bucket.s3.localhost:4599",
        "my.dotted_bucket-1.s3.localhost:4599",
    ],
)
def test_a_loopbacks_own_names_are_let_in(host):
    assert not refused(host=host)
    assert not refused(host=host, origin=f"http://{host.lower()}", sec_fetch_site="same-origin")


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:4599",
        "127.0.0.1",
        "127.0.0.1:80",
        "127.0.0.1:4598",
        "127.0.0.1:45990",
        "127.0.0.1:04599x",
        "127.0.0.2:4599",
        "127.0.0.1.evil.example:4599",
        "localhost.evil.example:4599",
        "evil-localhost:4599",
        "localhost.:4599",
        ".localhost:4599",
        "bucket..evil.example#.localhost:4599",
        "user@127.0.0.1:4599",
        "127.0.0.1:4599, evil.example",
        "127.0.0.1:4599\tx",
        "127.0.0.1:4599\n",
        "0x7f000001:4599",
        "2130706433:4599",
        "[::]:4599",
        "[::ffff:127.0.0.1]:4599",
        "0.0.0.0:4599",
        "localho\u017ft:4599",  # a long s, which some programs turn into an s
    ],
)
def test_any_other_host_is_refused(host):
    assert refused(host=host)


def test_host_must_be_there_and_once():
    assert why_foreign(Arrived("GET", "/", []), PORT)
    assert why_foreign(Arrived("GET", "/", [("host", "localhost:4599")] * 2), PORT)


def test_port_80_need_not_be_named():
    assert why_foreign(Arrived("GET", "/", [("host", "localhost")]), 80) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://127.0.0.1:8888"},
        {"origin": "http://localhost:4599"},  # another origin than 127.0.0.1's
        {"origin": "https://127.0.0.1:4599"},
        {"origin": "chrome-extension://abcdefgh"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},  # another port of this machine
        {"sec_fetch_site": ""},
        {"referer": "https://evil.example/page"},
        {"referer": "http://127.0.0.1:45990/"},
        {"referer": "http://127.0.0.1:4599.evil.example/"},
        {"origin": "http://127.0.0.1:4599", "sec_fetch_site": "cross-site"},
    ],
)
def test_a_page_of_another_origin_is_refused(headers):
    for method in ("GET", "POST", "PUT", "HEAD"):
        assert refused(method, **headers)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_site": "none", "sec_fetch_mode": "navigate"},  # typed or pasted by the user
        {"sec_fetch_site": "same-origin", "referer": "http://127.0.0.1:4599/bucket/page.html"},
        {"referer": "http://127.0.0.1:4599"},
    ],
)
def test_the_user_and_pages_of_this_origin_are_let_in(headers):
    assert not refused(**headers)


def test_a_second_value_does_not_hide_behind_the_first():
    own = [("host", "127.0.0.1:4599"), ("origin", "http://127.0.0.1:4599"), ("sec-fetch-site", "none")]
    for more in (
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("referer", "https://evil.example"),
    ):
        assert why_foreign(Arrived("GET", "/", [*own, more]), PORT)


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "CONNECT", "get", "PROPFIND"])
def test_preflights_and_methods_that_aws_has_not_are_refused(method):
    assert refused(method)


@pytest.mark.parametrize("target", ["http://127.0.0.1:4599/", "*", "", "127.0.0.1:4599"])
def test_a_target_must_be_a_path(target):
    assert refused(target=target)


@pytest.mark.parametrize(
    "target",
    ["/moto-api", "/moto-api/reset", "/moto-api/data.json?x", "/MOTO-API/", "/%6doto%2dapi/reset", "/favicon.ico"],
)
def test_motos_consoles_are_closed(target):
    assert refused("POST", target)


@pytest.mark.parametrize(
    "headers",
    [
        [("content-length", "3"), ("content-length", "3")],
        [("content-length", "3"), ("transfer-encoding", "chunked")],
        [("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")],
        [("content-length", "-1")],
        [("content-length", "1" * 5000)],
        [("content-length", "+3")],
        [("content-length", "3,3")],
        [("content-length", "")],
        [("content-length", "³")],
        [("transfer-encoding", "gzip, chunked")],
        [("transfer-encoding", "identity")],
    ],
)
def test_a_body_has_one_length(headers):
    assert why_foreign(Arrived("PUT", "/", [("host", "localhost:4599"), *headers]), PORT)
