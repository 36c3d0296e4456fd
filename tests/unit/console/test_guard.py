"""Who comes in, decided by the request alone."""

import pytest

from shared.console.guard import HEADERS, Asked, Entry, Guard, Refusal

PORT = 4600
TYPED = {"sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
LINKED = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


@pytest.fixture
def renewed():
    return []


@pytest.fixture
def guard(renewed):
    return Guard(PORT, renewed=renewed.append)


@pytest.fixture
def ask(guard):
    def ask(path="/", query="", *, method="GET", host=None, cookie="", **headers):
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        host = guard.hosts[0] if host is None else host
        return guard.decide(Asked(method, path, query, {"host": host, "cookie": cookie, **said}))

    return ask


@pytest.fixture
def token(guard):
    return guard.address.partition("?")[2]


@pytest.fixture
def cookie(ask, token):
    return ask(query=token).cookie.partition(";")[0]


def status(told):
    return told.status if isinstance(told, Refusal) else told


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost:4600",
        "evil.example:4600",
        "127.0.0.1",
        "127.0.0.1:4601",
        "127.0.0.1:4600.evil.example",
        "[::1]:4600",
        "x.localhost:4600",
        "127.0.0.1:4600,127.0.0.1:4600",
    ],
)
def test_another_host_is_refused_whatever_it_brings(ask, token, cookie, host):
    assert status(ask(query=token, host=host)) == 421
    assert status(ask(cookie=cookie, host=host)) == 421
    assert status(ask(method="PUT", cookie=cookie, host=host)) == 421


def test_a_token_opens_once_and_the_next_one_is_told(ask, guard, token, renewed):
    entry = ask(query=token)
    assert isinstance(entry, Entry)
    assert renewed == [guard.address]
    assert token not in guard.address
    assert status(ask(query=token)) == 403
    assert isinstance(ask(query=guard.address.partition("?")[2], host=guard.hosts[1]), Entry)


def test_a_browser_that_has_come_in_may_load_the_address_again(ask, token, cookie, renewed):
    assert isinstance(ask(query=token, cookie=cookie), Entry)
    assert isinstance(ask(query="token=anything", cookie=cookie), Entry)
    assert len(renewed) == 1


@pytest.mark.parametrize("query", ["", "token=", "token=x", "token=%ff%00", "x=1", "token"])
def test_without_the_token_nobody_comes_in(ask, query, renewed):
    assert status(ask(query=query)) == 403
    assert renewed == []


def test_only_get_spends_the_token(ask, guard, token, renewed):
    assert status(ask(query=token, method="HEAD")) == 403
    assert status(ask(query=token, method="POST", origin=f"http://{guard.hosts[0]}")) == 403
    assert renewed == []


def test_the_cookie_is_for_this_console_alone_and_unseen_by_scripts(ask, token):
    parts = ask(query=token).cookie.split("; ")
    assert parts[0].startswith(f"lanes-console-{PORT}=")
    assert parts[1:] == ["HttpOnly", "SameSite=Strict", "Path=/"]


def test_a_cookie_opens_and_another_does_not(ask, cookie):
    name, _, value = cookie.partition("=")
    assert ask(cookie=cookie) is None
    assert ask(cookie=f"a=b; {cookie}; c=d") is None
    for wrong in (
        "",
        name,
        f"{name}=",
        f"{name}={value[:-1]}",
        f"{name}=\xff",
        f"x={value}",
        "=;;=",
        f"{name}-1={value}",
    ):
        assert status(ask(cookie=wrong)) == 403


@pytest.mark.parametrize("other", ['bad={"x":[1]}', "a b=1", "path=/", "\xe9=1", "{name}=of another port", "", "="])
def test_no_cookie_of_another_port_shuts_anybody_out(ask, cookie, other):
    other = other.format(name=cookie.partition("=")[0]) if "{name}" in other else other
    assert ask(cookie=f"{other}; {cookie}") is None
    assert ask(cookie=f"{cookie}; {other}") is None


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "get", "X"])
def test_no_other_method_is_known(ask, cookie, method):
    assert status(ask(method=method, cookie=cookie)) == 405


def test_a_form_must_come_from_a_page_of_this_very_address(ask, guard, cookie):
    ours, other = (f"http://{host}" for host in guard.hosts)
    assert ask(method="POST", cookie=cookie, origin=ours) is None
    for origin in (
        None,
        "null",
        other,
        "http://evil.example",
        ours.replace("http", "https"),
        f"{ours}/",
        "http://127.0.0.1:9",
    ):
        said = {"origin": origin} if origin is not None else {}
        assert status(ask(method="POST", cookie=cookie, **said)) == 403
    assert status(ask(method="POST", origin=ours)) == 403


def test_what_another_page_asks_for_is_refused_even_with_the_cookie(ask, cookie):
    for site in ("cross-site", "same-site"):
        for mode, dest in (("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe"), ("no-cors", "script")):
            said = {"sec_fetch_site": site, "sec_fetch_mode": mode, "sec_fetch_dest": dest}
            assert status(ask(cookie=cookie, **said)) == 403
        assert status(ask(cookie=cookie, sec_fetch_site=site)) == 403
    assert ask(cookie=cookie, sec_fetch_site="same-origin", sec_fetch_mode="cors", sec_fetch_dest="empty") is None


def test_a_link_to_a_page_may_be_followed_from_anywhere_by_who_has_come_in(ask, cookie):
    for said in (TYPED, LINKED):
        assert ask(cookie=cookie, **{name.replace("-", "_"): value for name, value in said.items()}) is None


def test_who_is_led_in_by_another_page_goes_on_from_one_of_ours(ask, guard, token):
    """A file that only we may read leads a browser in: a redirect would not take the new cookie along."""
    assert ask(query=token, sec_fetch_site="cross-site").from_elsewhere
    assert not ask(query=guard.address.partition("?")[2], sec_fetch_site="none").from_elsewhere


def test_a_form_key_is_of_one_console(guard):
    assert guard.may_write(guard.form_key)
    for wrong in ("", guard.form_key[:-1], Guard(PORT).form_key, "é", "\udcff".encode("utf-8", "replace").decode()):
        assert not guard.may_write(wrong)


def test_nothing_secret_shows_in_what_is_told(ask, guard, token, cookie):
    secret = [token.partition("=")[2], cookie.partition("=")[2], guard.form_key]
    for told in (ask(query="token=x"), ask(host="x"), ask(method="POST", cookie=cookie)):
        assert not any(each in f"{told}" for each in secret)


def test_forms_keep_their_origin():
    """With no-referrer, browsers send the forms of our own pages with Origin: null (Fetch Standard, 3.2)."""
    assert HEADERS["Referrer-Policy"] == "same-origin"
