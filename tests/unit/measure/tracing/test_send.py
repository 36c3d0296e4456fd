"""Sending, to a receiver on loopback that reads what comes by OpenTelemetry's own messages."""

import datetime as dt
import os
import ssl
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared.errors import LanesError
from shared.measure.tracing.deliver import send, write_file
from shared.measure.tracing.destination import read_destination
from shared.measure.tracing.send import Sender
from tests.helpers.collector import PROTOBUF, Collector, collecting, partial
from tests.helpers.servers import free_port

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def collector():
    with collecting() as server:
        yield server


@pytest.fixture
def waits():
    return []


@pytest.fixture
def sender(collector, waits):
    def make(url=None, **environment):
        receiver = read_destination(url or collector.url, environment)
        return Sender(receiver, "0.1", sleep=waits.append, jitter=lambda: 0.5, now=lambda: NOW)

    return make


def test_batches_arrive_compressed_with_the_headers_and_can_be_read(collector, sender, span):
    spans = [span(number, attributes={"n": number}) for number in range(1, 1201)]
    delivered = send(spans, sender(OTEL_EXPORTER_OTLP_HEADERS="api-key=hunter2,content-type=text/plain"))
    told = [span for each in collector.requests for span in each.resource_spans[0].scope_spans[0].spans]
    assert [int.from_bytes(span.span_id) for span in told] == list(range(1, 1201))
    assert [len(each.resource_spans[0].scope_spans[0].spans) for each in collector.requests] == [512, 512, 176]
    assert (delivered.requests, delivered.bytes) == (3, sum(map(len, collector.got)))
    assert set(collector.paths) == {"/v1/traces"}
    for headers in collector.headers:
        lower = {name.lower(): value for name, value in headers.items()}
        assert (lower["content-type"], lower["content-encoding"]) == ("application/x-protobuf", "gzip")
        assert lower["api-key"] == "hunter2"


def test_sending_twice_sends_the_same_bytes(collector, sender, span):
    for _ in range(2):
        send([span(1), span(2)], sender())
    assert collector.got[0] == collector.got[1]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_receiver_is_asked_again_after_growing_waits(collector, sender, waits, span, status):
    collector.answers = [(status, {}, b"busy")] * 3
    sender().send([span()])
    assert waits == [1.0, 2.0, 4.0]
    assert len(set(collector.got)) == 1


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        ("7", 7.0),
        ("Mon, 01 Jan 2026 00:00:00 +99999999999999999999", 1.0),
        ("Fri, 02 Jan 2026 03:04:15 GMT", 10.0),
        ("Fri, 02 Jan 2026 03:00:00 GMT", 0.0),
        ("soon", 1.0),
    ],
)
def test_the_receiver_says_when_to_come_back(collector, sender, waits, span, asked, waited):
    collector.answers = [(503, {"Retry-After": asked}, b"")]
    sender().send([span()])
    assert waits == [waited]


def test_a_receiver_that_is_busy_for_long_is_not_waited_for(collector, sender, waits, span):
    collector.answers = [(429, {"Retry-After": "3600"}, b"")]
    with pytest.raises(LanesError, match="asks to come back in 3600 s"):
        sender().send([span()])
    assert waits == []


def test_a_receiver_that_stays_busy_is_given_up_with_what_it_says(collector, sender, span):
    collector.answers = [(503, {}, b"\x1b[31mfull\x1b[0m")] * 6
    with pytest.raises(
        LanesError, match=r"answers 503: \\x1b\[31mfull\\x1b\[0m, 6 times\n  fix: run the command again"
    ):
        sender().send([span()])
    assert len(collector.got) == 6


def test_a_connection_that_breaks_is_tried_again(collector, sender, waits, span):
    collector.answers = [(0, {}, b"")]
    sender().send([span()])
    assert waits == [1.0]
    collector.answers = [(0, {}, b"")] * 6
    with pytest.raises(LanesError, match="the connection broke 6 times"):
        sender().send([span()])


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "answers 400: no"),
        (401, "set the receiver's token"),
        (404, "name the whole path"),
        (500, "answers 500: no"),
    ],
)
def test_what_is_final_is_not_tried_again(collector, sender, waits, span, status, said):
    collector.answers = [(status, {}, b"no")]
    with pytest.raises(LanesError, match=said):
        sender().send([span()])
    assert (waits, len(collector.got)) == ([], 1)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_nothing_is_sent_on_to_elsewhere(collector, sender, span, status):
    with Collector() as other:
        collector.answers = [(status, {"Location": f"http://u:hunter2@127.0.0.1:{other.server_address[1]}/x?k=1"}, b"")]
        with pytest.raises(LanesError, match="which is not followed") as raised:
            sender(OTEL_EXPORTER_OTLP_HEADERS="authorization=hunter2").send([span()])
    assert other.got == []
    assert "hunter2" not in str(raised.value)
    assert "k=1" not in str(raised.value)


def test_what_a_receiver_refuses_and_warns_of_is_counted_and_told_once(collector, sender, span):
    collector.answers = [
        (200, PROTOBUF, partial(3, "too old")),
        (200, PROTOBUF, partial(2, "too old")),
        (
            200,
            {"Content-Type": "application/json"},
            b'{"partialSuccess": {"errorMessage": "hm", "rejectedSpans": "1"}}',
        ),
    ]
    delivered = send([span(number) for number in range(1, 1100)], sender())
    assert (delivered.rejected, delivered.messages) == (6, ("too old", "hm"))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html; charset=utf-8", b"<html>"),
        ("application/x-protobuf", b"<html>"),
        ("application/json", b"\xff"),
    ],
)
def test_a_page_that_answers_everything_is_no_receiver(collector, sender, span, kind, body):
    collector.answers = [(200, {"Content-Type": kind}, body)]
    with pytest.raises(LanesError, match="not as a receiver of traces does"):
        sender().send([span()])


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_an_empty_answer_is_success(collector, sender, span, body):
    collector.answers = [(200, {"Content-Type": "application/json"}, body), (202, {}, b"")]
    sender().send([span()])
    sender().send([span()])


def test_where_nobody_listens_is_told_at_once(sender, waits, span):
    with pytest.raises(LanesError, match=r"nothing answers there: .*refused\n  fix: start the receiver"):
        sender(f"http://127.0.0.1:{free_port()}").send([span()])
    assert waits == []


@pytest.fixture
def certificate(tmp_path):
    """The file of a certificate of 127.0.0.1 and its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    day, now = dt.timedelta(days=1), datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file = tmp_path / "certificate.pem"
    file.write_bytes(key.private_bytes(*form) + made.public_bytes(form[0]))
    return file


def test_a_certificate_that_nobody_signed_is_refused_unless_it_is_named(sender, span, certificate, monkeypatch):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with collecting(context) as server:
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        with pytest.raises(LanesError, match="its certificate is not trusted here"):
            sender(url).send([span()])
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        sender(url).send([span()])
    assert len(server.got) == 1


def test_a_receiver_without_tls_is_told_as_that(collector, sender, span):
    with pytest.raises(LanesError, match="it speaks no TLS"):
        sender(collector.url.replace("http:", "https:")).send([span()])


def test_a_redirect_to_what_is_no_address_is_told(collector, sender, span):
    collector.answers = [(302, {"Location": "http://[nowhere"}, b"")]
    with pytest.raises(LanesError, match="sends on to elsewhere"):
        sender().send([span()])


def test_a_pipe_is_written_to_and_stays_one(tmp_path, span):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    delivered = write_file([span()], pipe, "0.1")
    assert len(os.read(reading, 1 << 16)) == delivered.bytes
    os.close(reading)
    assert list(tmp_path.iterdir()) == [pipe]
    assert pipe.is_fifo()
