"""The main job, end to end: real boto3, real processes, real images."""

import json
import re
import subprocess
import sys
import threading

import pytest

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def lane(project):
    return project.lane("team2")


@pytest.fixture(scope="module")
def finished(aws, root):
    """A run at world size 4 by a command in a process of its own, as JSON."""
    words = ["run", "team2", "cosmic", "--world-size", "4", "--batch-size", "128", "--json"]
    command = [sys.executable, "-m", "shared.cli", *words]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def read_json(aws, bucket, key):
    return json.loads(aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def test_four_ranks_infer_the_sample_survey(finished, aws, lane):
    assert finished["status"] == "SUCCEEDED"
    assert [row["rank"] for row in finished["ranks"]] == [0, 1, 2, 3]
    assert sum(row["records"] for row in finished["ranks"]) == finished["output"]["records"] > 1000
    combined = read_json(aws, lane.bucket, finished["output"]["results"]["combined"])
    assert len(combined) == 4
    wanted = {"total_cpu_time (seconds)", "execution_time (seconds/batch)", "sample_persec", "throughput_bps", "device"}
    assert all(wanted <= record.keys() for record in combined)


def test_the_redshifts_are_far_better_than_the_mean(finished):
    quality, baseline = finished["output"]["quality"], finished["output"]["baseline"]
    assert quality["mae"] < baseline["mae"] / 2
    assert quality["r2"] > 0.5


def test_the_report_shows_the_redshifts_that_the_ranks_stored(finished, aws, lane):
    from shared.measure.reports.redshifts import redshift_section, stored_plots  # they load matplotlib

    section = redshift_section(aws, lane, finished["output"])
    assert tuple(plot.name for plot in section.plots) == stored_plots(aws, lane, finished["output"])
    assert "residuals-by-magnitude" in stored_plots(aws, lane, finished["output"])
    rows = {row[0]: row[1] for row in section.tables[0].rows}
    assert float(rows["mean d"]) == pytest.approx(finished["output"]["quality"]["bias"], abs=1e-5)
    share = float(rows["outliers: |d| > 0.05"].removesuffix(" %"))
    assert share / 100 == pytest.approx(finished["output"]["quality"]["outlier_fraction_005"], abs=1e-4)


def test_the_ranks_tell_each_other_what_the_summary_finds(finished):
    told, found = finished["output"]["fmi"], finished["output"]
    assert told["records"] == found["records"]
    assert told["mae"] == pytest.approx(found["quality"]["mae"], rel=1e-9)
    assert told["bias"] == pytest.approx(found["quality"]["bias"], rel=1e-9)


def test_it_is_faster_than_the_field_in_bounded_memory(finished, lane):
    assert finished["throughput"]["wall"] > 71.42
    assert finished["throughput"]["aggregate"] > finished["throughput"]["wall"]
    size = lane.functions["cosmic-inference"].memory_mb
    assert all(0 < row["memory_mb"] < size / 2 for row in finished["ranks"])
    assert all(row["memory_size_mb"] == size for row in finished["ranks"])


def test_all_of_it_is_there_for_plain_boto3(finished, aws, lane):
    arn = finished["execution"]
    described = aws.states.describe_execution(executionArn=arn)
    assert described["status"] == "SUCCEEDED"
    assert described["name"] == finished["run_id"]
    assert json.loads(described["input"])["world_size"] == 4
    assert json.loads(described["output"]) == finished["output"]
    events = aws.states.get_execution_history(executionArn=arn)["events"]
    assert [events[0]["type"], events[-1]["type"]] == ["ExecutionStarted", "ExecutionSucceeded"]
    entered = [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]
    assert entered[0] == "Init"
    assert {"Rendezvous check", "Ranks", "Summarize"} <= set(entered)
    (map_run,) = aws.states.list_map_runs(executionArn=arn)["mapRuns"]
    children = aws.states.list_executions(mapRunArn=map_run["mapRunArn"])["executions"]
    assert [child["status"] for child in children] == ["SUCCEEDED"] * 4
    listed = aws.states.list_executions(stateMachineArn=lane.state_machine_arn("cosmic"))["executions"]
    assert finished["run_id"] in {execution["name"] for execution in listed}


def test_report_lines_have_awss_own_form(finished, aws, lane):
    group = lane.functions["cosmic-inference"].log_group
    pages = aws.logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    messages = [event["message"] for page in pages for event in page["events"]]
    reports = [message for message in messages if message.startswith("REPORT")]
    assert len(reports) >= 4
    form = (
        r"REPORT RequestId: [0-9a-f-]{36}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: \d+ MB\tMax Memory Used: \d+ MB\t(Init Duration: \d+\.\d\d ms\t)?\n"
        r"EMBEDDED Requests: [\w:, -]+\n?"
    )
    assert all(re.fullmatch(form, report) for report in reports)


def test_the_requests_of_functions_are_counted_as_the_prediction_takes_them(finished, aws, lane):
    from shared.measure.billing.measured_run import read_measured
    from shared.run.find import find_named

    measured = read_measured(aws, find_named(aws, lane, finished["run_id"]))
    asked = {}
    for row in measured.rows:
        key = next(key for key, function in lane.functions.items() if function.log_group == row.group)
        asked.setdefault(key, []).append(row.report.requests)
    assert asked["cosmic-init"] == [{"s3:ListObjectsV2": 1, "s3:PutObject": 1}]
    ranks = [dict(each) for each in asked["cosmic-inference"]]
    assert all(each.pop("secretsmanager:GetSecretValue", 1) == 1 for each in ranks)  # in new environments only
    assert ranks == [{"s3:GetObject": 1, "s3:HeadObject": 1, "s3:PutObject": 2}] * 4
    assert asked["cosmic-summarize"] == [{"s3:GetObject": 8, "s3:ListObjectsV2": 1, "s3:PutObject": 3}]
    bill = {item.name: item.amount for item in measured.cost.items}
    assert (bill["s3_puts"], bill["s3_gets"]) == (14, 16)
    assert measured.cost.lacks == ()


def test_two_runs_at_once_do_not_mix(finished, aws, lane, project):
    from datetime import UTC, datetime  # beside what they are for

    from shared.run.gather import gather
    from shared.run.logs import read_logs
    from shared.run.start import new_run_id, start
    from shared.run.watch import follow

    outcomes = {}

    def run(batch_size):
        now = datetime.now(UTC)
        payload = {**lane.workflows["cosmic"].parameters, "world_size": 2, "batch_size": batch_size}
        started = start(aws, lane, "cosmic", payload, new_run_id(now))
        reader = read_logs(aws, started, now)
        *_, end = follow(aws, started, reader)
        outcomes[batch_size] = gather(aws, started, end, reader)

    threads = [threading.Thread(target=run, args=(size,)) for size in (64, 256)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for size, outcome in outcomes.items():
        assert outcome.status == "SUCCEEDED"
        assert [row.rank for row in outcome.ranks] == [0, 1]
        assert outcome.records == finished["output"]["records"]
        combined = read_json(aws, lane.bucket, outcome.output["results"]["combined"])
        assert [record["batch_size"] for record in combined] == [size, size]
    assert len(outcomes) == 2


@pytest.mark.parametrize("fmi_enabled", [True, False])
def test_payloads_of_the_field_run_as_they_are(lanes, lane, finished, fmi_enabled):
    payload = {
        "bucket": lane.bucket,
        "world_size": "2",
        "batch_size": "128",
        "data_prefix": "datasets",
        "rendezvous_endpoint": lane.rendezvous.endpoint,
        "fmi_enabled": fmi_enabled,
        "data_map": {"0": None, "1": None},
    }
    result = lanes("run", "team2", "cosmic", "--input", json.dumps(payload))
    assert result.code == 0, result.err
    assert "SUCCEEDED" in result.out
    assert "wall throughput" in result.out
    assert "aggregate throughput" in result.out
