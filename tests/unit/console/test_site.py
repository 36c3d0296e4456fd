"""The routes, with pages and actions of the test's own: versions, headers on every answer, errors, where they lead."""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from shared.console.desk import Desk, Place
from shared.console.guard import FORM_KEY, HEADERS, Guard
from shared.console.site import File, Site, View
from shared.errors import LanesError, UsageError

PORT = 4600
SCRIPT = "<script>alert(1)</script>"


@dataclass(frozen=True)
class Shown:
    """What the error page's template shows, too."""

    what: str
    where: str = ""
    fix: str = ""

    def as_record(self):
        return {"what": self.what, "at": datetime(2026, 1, 2, tzinfo=UTC)}


class Console:
    """A site whose pages say ``what``, or raise it; ``told`` is what the terminal was told, ``acted`` each action."""

    def __init__(self, *, named=False):
        place = Place("here", "123456789012", "us-east-1", "", writes=True, named=named)
        self.desk = Desk(place, lambda: None, lambda: None, None)
        self.guard = Guard(PORT)
        self.told, self.acted = [], []
        self.what, self.leads_to = "hello", "/"
        self.file = File(b"x", "text/plain")
        site = Site(self.desk, self.guard, lambda path, error: self.told.append((path, error)))
        site.page("/", self._read)
        site.page("/<slug:team>", self._read)
        site.page("/runs/<run_id>", self._read)
        site.file("/files/<name>", lambda desk, name: self.file)
        site.action("/act/<name>", self._act)
        self.browser = site.app.test_client()
        self.origin = f"http://{self.guard.hosts[0]}"
        self.get("/?" + self.guard.address.partition("?")[2])

    def _read(self, desk, **parts):
        if isinstance(self.what, Exception):
            raise self.what
        return View("title", "error.html.j2", Shown(f"{self.what} {parts}"))

    def _act(self, desk, form, name):
        self.acted.append((name, form))
        if isinstance(self.what, Exception):
            raise self.what
        return self.leads_to

    def get(self, path, **more):
        return self.browser.get(path, base_url=self.origin, buffered=True, **more)

    def post(self, path, form=None, **headers):
        said = {"Origin": self.origin, **headers}
        given = {FORM_KEY: self.guard.form_key} if form is None else form
        return self.browser.post(path, base_url=self.origin, data=given, headers=said)


@pytest.fixture
def console():
    return Console()


def test_a_page_and_its_json_are_of_the_same_version(console):
    page, record = console.get("/team2"), console.get("/team2.json")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert record.json == {"what": "hello {'team': 'team2'}", "at": "2026-01-02 00:00:00+00:00"}
    assert page.headers["X-Lanes-Version"] == record.headers["X-Lanes-Version"]


def test_nothing_new_is_204_and_something_new_is_the_page(console):
    seen = console.get("/").headers["X-Lanes-Version"]
    for path in ("/", "/.json"):
        same = console.get(f"{path}?seen={seen}")
        assert (same.status_code, same.data) == (204, b"")
    console.what = "news"
    assert console.get(f"/?seen={seen}").status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/team2.json", 200),
        ("/-/console.css", 200),
        ("/-/none", 404),
        ("/nothing/at/all", 404),
        ("/files/x", 200),
        ("/act/x", 405),
        ("/?token=again", 303),
    ],
)
def test_every_answer_tells_the_browser_what_it_may_do(console, path, status):
    answer = console.get(path)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert len(answer.headers.getlist("Cache-Control")) == 1


def test_so_do_refusals_and_204(console):
    seen = console.get("/").headers["X-Lanes-Version"]
    console.browser.delete_cookie(console.guard.cookie_name, domain=console.guard.hosts[0].partition(":")[0])
    nobody = console.get("/")
    foreign = console.browser.get("/", base_url="http://evil.example")
    assert (nobody.status_code, foreign.status_code) == (403, 421)
    for answer in (nobody, foreign, console.get(f"/?seen={seen}")):
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_who_has_not_come_in_gets_nothing_not_even_a_style(console):
    browser = console.browser.application.test_client()
    for path in ("/", "/-/console.css", "/-/live.js", "/team2.json", "/nothing", "/-/..%2fguard.py"):
        answer = browser.get(path, base_url=console.origin)
        assert (answer.status_code, answer.mimetype) == (403, "text/plain")


def test_a_browser_led_in_by_a_file_gets_a_page_that_leads_on():
    console = Console()
    query = console.guard.address.partition("?")[2]
    browser = console.browser.application.test_client()
    answer = browser.get(f"/?{query}", base_url=console.origin, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    assert 'content="0; url=/"' in answer.text
    assert "HttpOnly; SameSite=Strict" in answer.headers["Set-Cookie"]
    assert query not in answer.text


@pytest.mark.parametrize(
    "path", ["//evil.example/", "//evil.example", "/%2f/evil.example", "/\\evil.example", "/team2/"]
)
@pytest.mark.parametrize("query", ["", "?token=x"])
def test_no_address_leads_to_another_site(console, path, query):
    answer = console.get(path + query)
    assert answer.headers.get("Location", "/").removeprefix(console.origin) == "/"


@pytest.mark.parametrize(
    "where", ["//evil.example", "/\\evil.example", "http://evil.example", "", "/a\r\nX: y", "javascript:1"]
)
def test_no_action_leads_to_another_site(console, where):
    console.leads_to = where
    answer = console.post("/act/x")
    assert answer.status_code == 500
    assert "Location" not in answer.headers


def test_an_action_leads_to_a_page_and_has_all_read_again(console):
    assert console.desk.readings.fresh("k", lambda: 1, 60.0) == 1
    console.leads_to = "/runs/new"
    answer = console.post("/act/x")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/runs/new")
    assert console.desk.readings.fresh("k", lambda: 2, 60.0) == 2


def test_a_form_without_its_key_does_nothing(console):
    for form in ({}, {FORM_KEY: ""}, {FORM_KEY: Guard(PORT).form_key}):
        assert console.post("/act/x", form).status_code == 403
    assert console.post("/act/x", Origin="http://evil.example").status_code == 403
    stranger = console.browser.application.test_client()
    answer = stranger.post(
        "/act/x", base_url=console.origin, data={FORM_KEY: console.guard.form_key}, headers={"Origin": console.origin}
    )
    assert answer.status_code == 403
    assert console.acted == []


def test_a_form_of_more_than_a_megabyte_is_refused_before_it_acts(console):
    form = {FORM_KEY: console.guard.form_key, "payload": "x" * (1 << 20)}
    answer = console.post("/act/x", form)
    assert answer.status_code == 413
    assert "lanes run" in answer.text
    assert console.acted == []
    form["payload"] = "x" * (900 << 10)
    assert console.post("/act/x", form).status_code == 303


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (UsageError("no lane has it", fix="look"), 404, "no lane has it"),
        (LanesError("it is broken", where="teams/team1.yaml:3"), 503, "teams/team1.yaml:3"),
        (EndpointConnectionError(endpoint_url="http://x"), 502, "lanes up"),
        (ClientError({"Error": {"Code": "Throttling", "Message": "slow"}}, "X"), 502, "Throttling"),
        (ClientError({"Error": {"Code": "ExpiredToken", "Message": "old"}}, "X"), 502, "log in again"),
        (KeyError("inner"), 500, "this is a fault in lanes itself: KeyError"),
    ],
)
def test_an_error_is_told_with_its_fix_and_without_a_traceback(console, capsys, error, status, said):
    console.what = error
    for answer in (console.get("/team2"), console.get("/team2.json")):
        assert answer.status_code == status
        assert said in answer.text
        assert "Traceback" not in answer.text
        assert ".py" not in answer.text
    assert set(console.get("/team2.json").json) == {"error", "where", "fix"}
    assert console.told == (
        [("/team2", error), ("/team2.json", error), ("/team2.json", error)] if status == 500 else []
    )
    assert capsys.readouterr() == ("", "")


def test_a_form_that_asks_wrongly_is_no_missing_page(console):
    console.what = UsageError("0 ranks")
    assert console.post("/act/x").status_code == 400


def test_on_aws_nobody_is_told_to_start_the_embedded_cloud():
    console = Console(named=True)
    console.what = EndpointConnectionError(endpoint_url="http://x")
    assert "check the network" in console.get("/").text


def test_a_template_that_fails_is_told_in_plain_words(console):
    class Unshowable(str):
        __slots__ = ()

        def __html__(self):
            raise RuntimeError("no")

    console.what = LanesError("it is broken", where=Unshowable("here"))
    answer = console.get("/team2")
    assert (answer.status_code, answer.text) == (503, "here: it is broken\n")
    assert [path for path, _ in console.told] == ["error.html.j2"]


@pytest.mark.parametrize("path", [f"/{SCRIPT}", f"/runs/{SCRIPT}", f"/team2?{SCRIPT}={SCRIPT}", f"/-/{SCRIPT}"])
def test_a_script_in_an_address_is_never_part_of_a_page(console, path):
    assert SCRIPT not in console.get(path).text


def test_a_script_in_what_is_shown_is_shown_as_text(console):
    for what in (SCRIPT, UsageError(SCRIPT), LanesError(SCRIPT, where=SCRIPT, fix=SCRIPT)):
        console.what = what
        answer = console.get("/team2")
        assert SCRIPT not in answer.text
        assert "&lt;script&gt;" in answer.text
    assert console.get("/team2.json").mimetype == "application/json"


@pytest.mark.parametrize(
    "path",
    [
        "/-/..%2fguard.py",
        "/-/../guard.py",
        "/-/%2e%2e/guard.py",
        "/-/..%5cguard.py",
        "/-//etc/passwd",
        "/-/%2fetc%2fpasswd",
        "/-/console.css%00.py",
        "/runs/..%2f..%2fetc%2fpasswd",
        "/runs/../../etc/passwd",
        "/files/..%2f..%2fx",
    ],
)
def test_no_path_leads_out_of_the_static_files(console, path):
    answer = console.get(path)
    assert answer.status_code == 404
    assert b"root:" not in answer.data
    assert b"import" not in answer.data


@pytest.mark.parametrize("name", ["a b", "a*", "a?x", "%20", "a%0ab", "a%22", "a%3Cb", "x" * 81, "a,b", "a:b", "a%5cb"])
def test_what_is_no_name_of_a_run_is_not_looked_for(console, name):
    console.what = AssertionError("it was")
    assert console.get(f"/runs/{name}").status_code == 404 or "?" in name


@pytest.mark.parametrize("name", ["20260102T030405Z-a1b2c3", "a.b_c-d+e=f@g", "ü", "x" * 80, "'(1)!"])
def test_any_name_that_step_functions_takes_is_a_run(console, name):
    assert console.get(f"/runs/{name}.json").json["what"] == f"hello { ({'run_id': name}) }"


def test_a_file_is_saved_under_a_name_that_is_only_a_name(console):
    console.file = File(b"x", "text/plain", name='../../a"b\r\nX: y/ü.log')
    told = console.get("/files/x").headers
    assert "X" not in told
    assert told["Content-Disposition"].startswith("attachment; ")
    assert not {"/", "\\", "\r", "\n"} & set(told["Content-Disposition"].partition("filename=")[2].partition("*")[0])


def test_a_file_with_a_policy_of_its_own_is_still_no_page_of_ours(console):
    console.file = File(b"<svg/>", "image/svg+xml", policy="default-src 'none'; style-src 'unsafe-inline'")
    policy = console.get("/files/x").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert "frame-ancestors 'none'" in policy
    assert "sandbox" in policy


def test_head_tells_what_get_would(console):
    told = console.browser.head("/team2", base_url=console.origin)
    assert (told.status_code, told.data) == (200, b"")
    assert told.headers["X-Lanes-Version"] == console.get("/team2").headers["X-Lanes-Version"]


def test_flask_is_not_in_debug_mode_whatever_the_environment_says(monkeypatch):
    monkeypatch.setitem(os.environ, "FLASK_DEBUG", "1")
    console = Console()
    console.what = KeyError("inner")
    assert "Traceback" not in console.get("/").text


def test_json_of_an_error_is_json_whatever_it_says(console):
    console.what = LanesError('a "quote"\n', fix="\x00")
    assert json.loads(console.get("/team2.json").data)["error"] == 'a "quote"\n'
