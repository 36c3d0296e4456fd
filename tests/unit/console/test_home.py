"""Is anything wrong in any lane? As a browser and as a program see it."""

import shutil

import pytest

from shared.local.pacing.account import Account
from tests.helpers.console import console_client
from tests.helpers.small_console import small_console


@pytest.fixture
def console(tmp_path):
    with small_console(tmp_path) as made:
        yield made


@pytest.fixture
def browser(console):
    return console_client(console.desk)


def lane(browser, team):
    lanes = browser.get("/.json").json["lanes"]
    return next(each for each in lanes if each["team"] == team)


def test_nothing_deployed_says_what_to_type(console, browser):
    page = browser.get("/").text
    assert "lanes deploy team9" in page
    assert "nothing is wrong" in page
    told = lane(browser, "team9")
    assert (told["deployed"], told["isolation"]["value"]["proved"]) == (False, True)
    assert not browser.told


def test_a_deployed_lane_is_as_its_files_say_and_its_failure_comes_first(console, browser):
    console.deploy()
    assert "lanes run team9 one" in browser.get("/").text
    told = lane(browser, "team9")
    assert told["drift"]["value"] == {"changes": [], "reserved_in_the_cloud": 0}
    assert told["cost_this_month"]["state"] == "known"

    failed = console.start("{}")
    console.forget()
    page = browser.get("/").text
    assert f"/runs/{failed}" in page
    assert f"lanes logs team9 {failed}" in page
    assert "1 of 2 lanes needs somebody</h1>" in page
    assert page.index('id="team-team9"') < page.index('id="team-team8"')

    console.start('{"go": 1}')
    console.forget()
    told = browser.get("/.json").json
    assert told["troubles"] == []  # it has succeeded since
    assert lane(browser, "team9")["runs"]["value"]["failed_lately"] == 1


def test_a_cloud_that_paces_says_so_and_whose_its_times_are(tmp_path):
    account = Account("us-east-1")
    with small_console(tmp_path, account) as console:
        browser = console_client(console.desk)
        assert "This cloud paces as an account in us-east-1: no call was throttled." in browser.get("/").text
        account.kept_waiting(7.0)
        console.forget()
        page = browser.get("/").text
        assert "its times are this machine&#39;s, not AWS&#39;s: 1 invocation waited" in page.replace("'", "&#39;")
        assert browser.get("/.json").json["pace"]["waited"] == 7.0


def test_a_cloud_that_is_not_paced_says_nothing_of_it(browser):
    assert "paces as an account" not in browser.get("/").text
    assert browser.get("/.json").json["pace"] is None


def test_a_change_by_hand_is_told_with_the_command_that_shows_it(console, browser):
    console.deploy()
    name = console.lane.functions["one-count"].name
    console.aws.lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=5)
    told = browser.get("/.json").json["troubles"]
    assert [(each["grade"], each["teams"]) for each in told] == [("warn", ["team9"])]
    assert told[0]["fix"].startswith("lanes plan team9")
    assert lane(browser, "team9")["drift"]["value"]["reserved_in_the_cloud"] == 5


def test_a_file_with_a_problem_hides_no_other_lane(console, browser):
    browser.get("/")
    console.files.write("teams/team8.yaml", "team: team8\nownr: b@example.edu\n")
    page = browser.get("/").text
    assert "teams/team8.yaml:2: unknown key" in page
    assert "lanes validate team8" in page
    assert lane(browser, "team9")["runs"]["state"] == "known"
    assert browser.get("/.json").json["lanes"][0]["team"] == "team8"  # what is wrong comes first


def test_settings_with_a_problem_are_told_and_no_lane_is_taken_for_right(console, browser):
    browser.get("/")
    console.files.write("shared/settings.yaml", "nonsense: 1\n")
    page = browser.get("/").text
    assert "shared/settings.yaml:1: unknown key" in page
    assert page.count("not read") == 2
    assert "proved" not in page


def test_what_is_being_read_is_told_so(console, browser):
    waiting = []
    console.desk.lanes = type(console.desk.lanes)(start=waiting.append)
    told = browser.get("/.json").json
    assert told["being_read"]
    assert "readings are not there yet" in browser.get("/").text


def test_a_page_that_finds_the_same_again_is_no_news(console, browser):
    console.deploy()
    version = browser.get("/").headers["X-Lanes-Version"]
    console.forget()
    assert browser.get("/", query_string={"seen": version}).status_code == 204


def test_a_project_without_a_team_says_how_to_begin(console, browser):
    shutil.rmtree(console.files.root / "teams")
    (console.files.root / "teams").mkdir()
    assert "lanes team new team1" in browser.get("/").text


def test_reading_all_again_needs_a_form_of_ours_and_no_right_to_write(console, browser):
    answer = browser.send("/", "/again", {"team": "team9"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/team9")
    assert browser.post("/again", {"form_key": "stolen"}).status_code == 403
    assert browser.send("/", "/again", {"team": "//elsewhere"}).headers["Location"] == "/"
