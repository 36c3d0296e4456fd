"""What ``--otlp`` may say, and the headers of the environment."""

from pathlib import Path

import pytest

from shared.errors import UsageError
from shared.measure.tracing.destination import HEADERS, Receiver, read_destination, read_headers


@pytest.mark.parametrize(
    ("text", "url", "shown"),
    [
        ("http://localhost:4318", "http://localhost:4318/v1/traces", "http://localhost:4318/v1/traces"),
        ("http://127.0.0.1:6006/", "http://127.0.0.1:6006/v1/traces", "http://127.0.0.1:6006/v1/traces"),
        ("https://h/otlp/v1/traces?k=s", "https://h/otlp/v1/traces?k=s", "https://h/otlp/v1/traces"),
        ("https://[::1]:4318", "https://[::1]:4318/v1/traces", "https://[::1]:4318/v1/traces"),
    ],
)
def test_an_address_without_a_path_means_that_of_traces(text, url, shown):
    receiver = read_destination(text, {})
    assert (receiver.url, receiver.shown, receiver.headers) == (url, shown, {})


def test_what_is_no_address_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_destination("trace.json", {}) == Path("trace.json")
    assert read_destination("-", {}) == Path("-")
    assert read_destination("./localhost:4318", {}) == Path("localhost:4318")
    with pytest.raises(UsageError, match="is a folder"):
        read_destination(str(tmp_path), {})
    with pytest.raises(UsageError, match="folder that is not there"):
        read_destination("nowhere/trace.json", {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ftp://h", "go by OTLP over HTTP"),
        ("http://", "go by OTLP over HTTP"),
        ("grpc://localhost:4317", "go by OTLP over HTTP"),
        ("http://h:notaport", "this is no address"),
        ("https://me:hunter2@h", "would be shown"),
        ("http://127.0.0.1@h", "would be shown"),
        ("http://127.0.0.1\\evil.example:80", "is no host"),
        ("http://localhost evil.example", "is no host"),
        ("localhost:4318", r"fix: http://localhost:4318; \./localhost:4318 for a file"),
        ("[::1]:4318/v1/traces", r"fix: http://\[::1\]:4318/v1/traces"),
        ("http:localhost:4318", "fix: http://localhost:4318;"),
        ("http:/h", "fix: http://h;"),
    ],
)
def test_what_is_no_address_of_a_receiver_is_refused_and_no_password_is_shown(text, said):
    with pytest.raises(UsageError, match=said) as raised:
        read_destination(text, {})
    assert "hunter2" not in str(raised.value)


def test_headers_are_read_as_opentelemetry_reads_them():
    assert read_headers("api-key=a%2Cb, other = two=2 ,") == {"api-key": "a,b", "other": "two=2"}
    assert read_headers("") == {}


@pytest.mark.parametrize("text", ["hunter2", "a b=hunter2", "=hunter2", "a=hunter2%0d%0aHost: x"])
def test_a_header_that_is_none_is_told_without_its_value(text):
    with pytest.raises(UsageError, match="header 1 is none") as raised:
        read_headers(text)
    assert "hunter2" not in str(raised.value)


def test_headers_never_go_over_the_network_in_clear():
    headers = {HEADERS: "authorization=Bearer%20hunter2"}
    with pytest.raises(UsageError, match="would go to collector unencrypted") as raised:
        read_destination("http://collector:4318", headers)
    assert "hunter2" not in str(raised.value)
    assert read_destination("http://localhost:4318", headers).headers == {"authorization": "Bearer hunter2"}
    assert not read_destination("https://collector", headers).in_clear
    assert read_destination("http://collector:4318", {}).in_clear


def test_a_receiver_that_is_printed_shows_no_header():
    assert "hunter2" not in repr(Receiver("https://h/?q=1", {"authorization": "hunter2"}, "https://h/"))
