"""The real ``lanes console`` over sockets: who comes in, what it listens on, what others see of it, and how it ends."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.parse
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from shared.console.guard import HEADERS
from shared.local import daemon
from shared.local.state import STATE_DIR, State
from tests.helpers.eventually import eventually

pytestmark = pytest.mark.workflow
SCRIPT = "<script>alert(1)</script>"


class Console:
    """A process that runs ``lanes console`` for the project in *root*."""

    def __init__(self, root, *words, **environment):
        self.errors = (root / f"console-{os.urandom(4).hex()}.err").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "shared.cli", "console", *words],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "400", **environment},
            start_new_session=True,
        )
        self.address = self.process.stdout.readline().strip()
        assert self.address, self.said
        parts = urllib.parse.urlsplit(self.address)
        self.host, self.port, self.query = parts.netloc, parts.port, parts.query

    @property
    def said(self):
        """What it told the terminal beside the address."""
        self.errors.flush()
        return Path(self.errors.name).read_text()

    def raw(self, data):
        """Send *data* and return all that comes back."""
        with socket.create_connection(("127.0.0.1", self.port)) as link:
            link.sendall(data)
            return b"".join(iter(lambda: link.recv(65536), b""))

    def ask(self, path="/", *, method="GET", host=None, body=None, **headers):
        """Return the status, the headers and the body of an answer."""
        link = http.client.HTTPConnection("127.0.0.1", self.port)
        said = {name.replace("_", "-"): value for name, value in headers.items() if value}
        try:
            link.request(method, path, body, {"Host": host or self.host, **said})
            answer = link.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            link.close()

    def come_in(self):
        """Spend the newest address; return the cookie."""
        query = re.findall(r"token=\S+", f"{self.address}\n{self.said}")[-1]
        status, headers, _ = self.ask(f"/?{query}")
        assert (status, headers["Location"]) == (303, "/")
        return headers["Set-Cookie"].partition(";")[0]

    def end(self, sign=signal.SIGTERM):
        """Send it a signal; return its exit code."""
        os.kill(self.process.pid, sign)
        code = self.process.wait(60)
        self.process.stdout.close()
        self.errors.close()
        return code


@contextmanager
def console_in(root, *words, **environment):
    console = Console(root, *words, **environment)
    try:
        yield console
    finally:
        if console.process.poll() is None:
            console.end()


@pytest.fixture(scope="module")
def root(tmp_path_factory, copy_project):
    root = copy_project(tmp_path_factory.mktemp("console") / "project")
    yield root
    daemon.down(State(root / STATE_DIR))


@pytest.fixture(scope="module")
def console(root):
    with ExitStack() as taken:
        with suppress(OSError):  # another project's cloud has the usual port, in play or really
            taken.enter_context(socket.create_server(("127.0.0.1", 4599)))
        with console_in(root, "--no-browser", "--port", "0") as console:
            yield console


@pytest.fixture(scope="module")
def cookie(console):
    return console.come_in()


def test_it_starts_a_cloud_and_says_so_also_where_the_usual_port_is_taken(console, root):
    running = State(root / STATE_DIR).running()
    assert f"started the embedded cloud, {running.endpoint}; it goes on until lanes down" in console.said
    assert not running.endpoint.endswith(":4599")


def test_its_messages_are_few(console, cookie):
    lines = console.said.splitlines()
    assert [line.partition(":")[0].partition(",")[0] for line in lines][:3] == [
        "started the embedded cloud",
        "it works once; for a browser that does not know it",
        "Ctrl-C ends it",
    ]
    assert lines[3].startswith("another browser: http://")


def test_it_listens_on_loopback_alone(console):
    inodes = set()
    for each in Path(f"/proc/{console.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # a file that was closed meanwhile
            if found := re.fullmatch(r"socket:\[(\d+)\]", os.readlink(each)):
                inodes.add(found[1])
    listening = []
    for file in ("tcp", "tcp6"):
        for line in Path(f"/proc/{console.process.pid}/net/{file}").read_text().splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if state == "0A" and rest[5] in inodes:
                listening.append(local)
    assert listening == [f"0100007F:{console.port:04X}"]


def test_other_users_see_no_token(console):
    told = Path(f"/proc/{console.process.pid}/cmdline").read_bytes()
    assert b"token" not in told


def test_who_has_no_token_or_another_host_does_not_come_in(console, cookie):
    assert console.ask("/")[0] == 403
    assert console.ask(f"/?{console.query}")[0] == 403  # it was spent
    assert console.ask("/?token=x")[0] == 403
    for host in ("evil.example", f"localhost:{console.port}", f"127.0.0.1:{console.port + 1}", "127.0.0.1"):
        assert console.ask("/", host=host, Cookie=cookie)[0] == 421


def test_an_address_opens_once_and_the_next_one_is_printed(console, cookie):
    again = console.come_in()
    assert again == cookie
    status, headers, _ = console.ask("/", Cookie=cookie)
    assert status == 200
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert headers["Server"] == "lanes"


def test_a_page_of_another_port_gets_nothing(console, cookie):
    """127.0.0.1 at another port is the same site: the browser sends our cookie along."""
    at = f"127.0.0.1:{console.port}"
    said = {"host": at, "Cookie": cookie, "Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "no-cors"}
    assert console.ask("/", Sec_Fetch_Dest="image", **said)[0] == 403
    assert console.ask("/", method="POST", Origin="http://127.0.0.1:9", **said)[0] == 403


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "TRACE", "PATCH"])
def test_no_other_method_is_known(console, cookie, method):
    assert console.ask("/", method=method, Cookie=cookie)[0] == 405


def test_head_is_get_without_a_body(console, cookie):
    status, headers, body = console.ask("/", method="HEAD", Cookie=cookie)
    assert (status, body) == (200, "")
    assert {name: headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize("path", ["/-/..%2fguard.py", "/-/../guard.py", "/-/%2e%2e%2fguard.py", "//-/../../etc/passwd"])
def test_no_path_leads_out(console, cookie, path):
    status, _, body = console.ask(path, Cookie=cookie)
    assert status == 404
    assert "import" not in body


@pytest.mark.parametrize("path", [f"/{SCRIPT}", f"/?seen={SCRIPT}", f"/team2/{SCRIPT}/new", "/runs/%3Cscript%3E"])
def test_a_script_in_an_address_is_never_part_of_a_page(console, cookie, path):
    assert "<script>" not in console.ask(path.replace(" ", "%20"), Cookie=cookie)[2]


@pytest.mark.parametrize(
    "data",
    [
        b"junk\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: HOST\r\nHost: evil\r\n\r\n",
        b"GET http://HOST/ HTTP/1.1\r\nHost: evil\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / \r\n",
        b"POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
        b"GET / HTTP/1.1\r\nHost: HOST\r\n odd\r\nfoo bar\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: HOST\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: HOST\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: HOST\r\n" + b"X: a\r\n" * 200 + b"\r\n",
    ],
)
def test_what_is_no_request_gets_a_plain_refusal_and_one_only(console, data):
    answer = console.raw(data.replace(b"HOST", console.host.encode()))
    assert re.match(rb"(HTTP/1.1 )?4\d\d", answer)
    assert answer.count(b"HTTP/1.1") <= 1
    assert b"Python" not in answer
    assert b"Traceback" not in answer


def test_ten_megabytes_are_refused_and_read_by_nobody(console, cookie):
    body = b"x" * 10_000_000
    origin = f"http://{console.host}"
    kind = "application/x-www-form-urlencoded"
    assert console.ask("/", method="POST", body=body)[0] == 403
    said = {"Cookie": cookie, "Origin": origin, "Content_Type": kind}
    status, _, text = console.ask("/team2/cosmic/new", method="POST", body=body, **said)
    assert status in {405, 413}
    assert "Traceback" not in text


def test_it_says_nothing_of_all_that(console):
    assert "Traceback" not in console.said
    assert "error" not in console.said


def test_a_second_console_has_an_address_of_its_own_and_the_same_cloud(console, root):
    with console_in(root, "--no-browser", "--port", "0") as second:
        assert second.port != console.port
        assert "started" not in second.said
        assert second.come_in() != console.come_in()


def test_a_port_that_is_taken_is_told(console, root):
    command = [sys.executable, "-m", "shared.cli", "console", "--no-browser", "--port", str(console.port)]
    told = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert told.stderr.startswith(f"error: port {console.port} cannot be opened: Address already in use\n  fix: leave")
    assert told.stdout == ""


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_it_ends_at_once_whoever_is_connected(root, console, sign, code):
    with console_in(root, "--no-browser", "--port", "0") as other, ExitStack() as links:
        for _ in range(5):
            links.enter_context(socket.create_connection(("127.0.0.1", other.port))).sendall(b"GET / HT")
        eventually(lambda: "Ctrl-C ends it" in other.said)
        assert other.end(sign) == code
        said = Path(other.errors.name).read_text()
        assert "Traceback" not in said
        assert len(said.splitlines()) == 2
    assert State(root / STATE_DIR).running()


def test_a_browser_gets_a_file_that_nobody_else_may_read(root, console, tmp_path):
    script, told = tmp_path / "browser", tmp_path / "told"
    script.write_text(
        f'#!/bin/sh\nfile="${{1#file://}}"\n{{ echo "$#" "$1"; stat -c %a "$file"; cat "$file"; }} > {told}.new\n'
        f"mv {told}.new {told}\n"
    )
    script.chmod(0o700)
    with console_in(root, "--port", "0", BROWSER=str(script)) as other:
        eventually(told.exists)
        argument, mode, page = told.read_text().splitlines()
        assert argument == f"1 {(root / STATE_DIR / f'console-{other.port}.html').resolve().as_uri()}"
        assert mode == "600"
        assert f"url={other.address}" in page
        assert other.end() == 143
    assert list((root / STATE_DIR).glob("console-*.html")) == []


def test_without_a_browser_it_says_so(root, console):
    with console_in(root, "--port", "0", PATH="/nonexistent", DISPLAY="", BROWSER="") as other:
        eventually(lambda: "no browser was found here: open the address by yourself" in other.said)
