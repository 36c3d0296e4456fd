"""What does this team own, and does it differ from its file?"""

import pytest

from tests.helpers.console import console_client
from tests.helpers.small_console import small_console


@pytest.fixture
def console(tmp_path):
    with small_console(tmp_path) as made:
        yield made


@pytest.fixture
def browser(console):
    return console_client(console.desk)


def test_before_it_is_deployed_the_names_of_its_file_are_shown(console, browser):
    page = browser.get("/team9").text
    assert "Nothing of it is deployed" in page
    assert console.lane.bucket in page
    assert "lanes deploy team9" in page
    owns = browser.get("/team9.json").json["owns"]
    assert {each["state"] for things in owns.values() for each in things} == {"not deployed"}
    assert not browser.told


def test_all_that_it_owns_is_as_in_its_file(console, browser):
    console.deploy()
    told = browser.get("/team9.json").json
    assert {each["state"] for things in told["owns"].values() for each in things} == {"as in the file"}
    assert {"role", "bucket", "function", "state machine", "log group"} <= told["owns"].keys()
    assert told["functions"][0]["memory_mb"] == 512
    page = browser.get("/team9").text
    for address in ("/team9/runs", "/team9/one/new"):
        assert f'href="{address}"' in page


def test_a_team_that_is_not_there_is_told_with_those_that_are(browser):
    answer = browser.get("/team7")
    assert answer.status_code == 404
    assert "team9" in answer.text


def test_a_team_without_a_workflow_says_how_to_write_one(browser):
    assert "lanes workflow new team8 NAME" in browser.get("/team8").text


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    """Give a console whose lane was deployed, run, and then changed by hand: the module's last tests have this one."""
    with small_console(tmp_path_factory.mktemp("changed")) as console:
        console.deploy()
        console.run = console.start('{"go": 1}')
        function, aws = console.lane.functions["one-count"], console.aws
        aws.lambda_.update_function_configuration(
            FunctionName=function.name, MemorySize=1024, Environment={"Variables": {"SECRET_MODEL": "changed-by-hand"}}
        )
        tags = {"team": "team9", "stage": "dev", "managed-by": "teamlanes"}
        aws.client("logs").delete_log_group(logGroupName=function.log_group)
        aws.client("logs").create_log_group(logGroupName="/aws/lambda/team9-old-0badcafe", tags=tags)
        aws.s3.create_bucket(Bucket="team9-old-0badcafe")
        told = [{"Key": key, "Value": value} for key, value in tags.items()]
        aws.s3.put_bucket_tagging(Bucket="team9-old-0badcafe", Tagging={"TagSet": told})
        yield console


def test_what_differs_is_shown(changed):
    browser, function = console_client(changed.desk), changed.lane.functions["one-count"]
    owns = browser.get("/team9.json").json["owns"]
    states = {each["name"]: each["state"] for things in owns.values() for each in things}
    assert states[function.name] == "differs"
    assert states[function.log_group] == "missing"
    assert states["/aws/lambda/team9-old-0badcafe"] == "in no file"
    assert states[changed.lane.bucket] == "as in the file"
    assert "memory_mb: 1024 -&gt; 512" in browser.get("/team9").text


def test_no_value_of_an_environment_is_shown(changed):
    browser = console_client(changed.desk)
    assert "environment variable SECRET_MODEL has another value" in browser.get("/team9").text
    for address in ("/team9", "/team9.json", "/", "/.json"):
        text = browser.get(address).text
        assert "s3cr3t-value" not in text
        assert "changed-by-hand" not in text


def test_what_holds_data_and_is_in_no_file_is_told_with_what_to_do(changed):
    page = console_client(changed.desk).get("/team9").text
    assert "In the cloud, and in no file" in page
    assert "aws s3 rb s3://team9-old-0badcafe --force" in page


def test_a_run_is_linked(changed):
    assert f'href="/runs/{changed.run}"' in console_client(changed.desk).get("/team9").text
