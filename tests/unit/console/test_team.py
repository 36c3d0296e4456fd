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


def test_what_differs_is_shown_and_no_value_of_an_environment(console, browser):
    console.deploy()
    name, machine = console.lane.functions["one-count"].name, console.lane.state_machine_arn("one")
    console.aws.lambda_.update_function_configuration(
        FunctionName=name, MemorySize=1024, Environment={"Variables": {"SECRET_MODEL": "changed-by-hand"}}
    )
    console.aws.client("logs").delete_log_group(logGroupName=console.lane.functions["one-count"].log_group)
    tags = {"team": "team9", "stage": "dev", "managed-by": "teamlanes"}
    console.aws.client("logs").create_log_group(logGroupName="/aws/lambda/team9-old-0badcafe", tags=tags)
    page, told = browser.get("/team9").text, browser.get("/team9.json").json
    states = {each["name"]: each["state"] for things in told["owns"].values() for each in things}
    assert states[name] == "differs"
    assert states[console.lane.functions["one-count"].log_group] == "missing"
    assert states["/aws/lambda/team9-old-0badcafe"] == "in no file"
    assert "memory_mb: 1024 -&gt; 512" in page
    assert "environment variable SECRET_MODEL has another value" in page
    for text in (page, browser.get("/team9.json").text):
        assert "SECRET_MODEL" in text
        assert "s3cr3t-value" not in text
        assert "changed-by-hand" not in text
    assert machine.rpartition(":")[2] in page


def test_what_holds_data_and_is_in_no_file_is_told_with_what_to_do(console, browser):
    console.deploy()
    bucket = "team9-old-0badcafe"
    console.aws.s3.create_bucket(Bucket=bucket)
    tags = [{"Key": key, "Value": value} for key, value in {"team": "team9", "stage": "dev"}.items()]
    tags.append({"Key": "managed-by", "Value": "teamlanes"})
    console.aws.s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    page = browser.get("/team9").text
    assert "In the cloud, and in no file" in page
    assert f"aws s3 rb s3://{bucket} --force" in page


def test_a_run_is_linked_and_found_without_asking(console, browser):
    console.deploy()
    run = console.start('{"go": 1}')
    assert f'href="/runs/{run}"' in browser.get("/team9").text


def test_a_team_that_is_not_there_is_told_with_those_that_are(browser):
    answer = browser.get("/team7")
    assert answer.status_code == 404
    assert "team9" in answer.text


def test_a_team_without_a_workflow_says_how_to_write_one(browser):
    assert "lanes workflow new team8 NAME" in browser.get("/team8").text
