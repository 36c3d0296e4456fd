from dataclasses import replace
from datetime import date
from pathlib import Path

import botocore.session
import pytest
import yaml

from shared.measure.billing import cost
from shared.measure.billing import requests as requests_module
from shared.measure.billing.cost import Prices, cost_line, cost_of, dollars, read_prices
from shared.measure.billing.rank_cost import used_by_rank
from shared.measure.billing.requests import price_name
from shared.measure.billing.usage import Usage, saved_by_express, used_by_functions, used_by_states
from shared.measure.observed.trace import Below, MapChildren, Trace, Visit
from shared.run.ranks import RankRow
from shared.run.report_line import Report


def test_every_amount_has_a_price_a_label_and_the_table_a_date_and_a_source():
    prices = read_prices()
    names = Usage().priced().keys()
    assert set(prices.usd) == names == set(Usage.__slots__) - {"untold", "unpriced"}
    used = cost_of(Usage(*range(1, 1 + len(names)))).items
    assert len(used) == len({item.label for item in used}) == len(names)
    assert all(item.quantity for item in used)
    assert all(0 < price < 0.001 for name, price in prices.usd.items() if name != "log_gb")
    assert isinstance(prices.date, date)
    assert all(source.startswith("https://aws.amazon.com/") for source in prices.source)
    assert prices.told == (
        f"an estimate: list prices noted on {prices.date} for us-east-1, first tiers, "
        "without free tiers, transfer and storage"
    )


def test_every_price_has_its_page_and_the_day_it_was_read():
    table = yaml.safe_load(Path(cost.__file__).with_name("prices.yaml").read_text(encoding="utf-8"))
    for each in table["prices"].values():
        assert table["pages"][each["page"]].startswith("https://aws.amazon.com/")
        assert date(2026, 1, 1) <= each["read"] <= date.today()  # noqa: DTZ011  a day, wherever the tests run
    assert table["prices"]["log_gb"]["usd"] == 0.50


def test_a_logged_child_counts_as_it_is_and_those_that_no_log_shows_as_the_average():
    half = MapChildren(1000, express=True, logged=500, gb_seconds=500 * 0.2 * 64 / 1024)
    usage = used_by_states(Trace((), 8, maps=(half,), logged_bytes=1 << 30))
    assert usage == Usage(state_transitions=8, express_requests=1000, express_gb_seconds=12.5, log_gb=1)
    assert cost_of(usage).usd == pytest.approx(8 * 0.000025 + 0.001 + 12.5 * 0.06 / 3600 + 0.5)


def test_a_thousand_draws_cost_an_eighth_with_express_children():
    as_they_are = Trace((), 2004, children=1000, below=Below(2000, 1000 * 0.1 * 64 / 1024))
    usage = used_by_states(as_they_are)
    assert cost_of(usage).usd == pytest.approx(0.0501)
    assert cost_of(usage + saved_by_express(as_they_are)).usd == pytest.approx(0.0001 + 0.001 + 6.25 * 0.06 / 3600)


def test_express_children_are_counted_and_cost_what_aws_bills_at_the_least():
    usage = used_by_states(Trace((), 3, maps=(MapChildren(16_000, express=True), MapChildren(5))))
    assert usage == Usage(state_transitions=3, express_requests=16_000, express_gb_seconds=100.0)
    assert cost_of(usage).usd == pytest.approx(3 * 0.000025 + 0.016 + 100 * 0.06 / 3600)


def test_what_ten_ranks_of_the_paper_cost():
    reports = [Report(str(number), 12000.0, 12355, 10240, 2865) for number in range(10)]
    usage = used_by_functions((("their-executor", report) for report in reports), {})
    assert usage.lambda_gb_seconds == pytest.approx(1235.5)
    assert cost_of(usage).usd == pytest.approx(1235.5 * 0.0000166667 + 10 * 0.0000002)


def reported(requests=None):
    return Report("a", 1000.0, 2000, 1024, 1, requests=requests)


def test_storage_above_what_is_free():
    usage = used_by_functions([("one", reported()), ("other", reported())], {"one": 1536})
    assert usage.storage_gb_seconds == 2.0


def test_requests_of_invocations_are_billed_where_they_were_counted_and_else_told_to_be_lacking():
    counted = {
        "s3:PutObject": 2, "s3:ListObjectsV2": 1, "s3:HeadObject": 4, "s3:DeleteObject": 9, "dynamodb:UpdateItem": 3,
        "dynamodb:Query": 5, "sqs:SendMessage": 6, "sns:Publish": 7, "events:PutEvents": 8, "kms:Decrypt": 1,
        "secretsmanager:GetSecretValue": 2, "lambda:Invoke": 1, "bedrock-runtime:InvokeModel": 1,
    }  # fmt: skip
    reports = [reported(counted), reported({"bedrock-runtime:InvokeModel": 2, "xray:PutTraceSegments": 1}), reported()]
    usage = used_by_functions([("f", each) for each in reports], {})
    assert {name: count for name, count in usage.priced().items() if not name.startswith("lambda")} | {} == {
        "storage_gb_seconds": 0, "state_transitions": 0, "express_requests": 0, "express_gb_seconds": 0, "log_gb": 0,
        "s3_puts": 3, "s3_gets": 4, "dynamodb_writes": 3, "dynamodb_reads": 5, "sqs_requests": 6, "sns_requests": 7,
        "events": 8, "secrets_requests": 2, "kms_requests": 1,
    }  # fmt: skip
    assert (usage.untold, usage.unpriced) == (1, (("bedrock-runtime:InvokeModel", 3), ("xray:PutTraceSegments", 1)))
    first, second = cost_of(usage).lacks
    assert first.startswith("not in it: what 1 invocation of functions asked of S3, DynamoDB, SQS and others")
    assert second == "not in it, for no price is known here: bedrock-runtime:InvokeModel 3, xray:PutTraceSegments 1"
    assert cost_of(usage).as_record()["requests_without_price"] == dict(usage.unpriced)


def test_a_bill_that_lacks_nothing_says_nothing():
    assert cost_of(used_by_functions([("f", reported({}))], {})).lacks == ()


def test_prices_are_of_operations_that_botocore_knows():
    for service, begins in requests_module._BEGIN.items():
        names = botocore.session.Session().get_service_model(service).operation_names
        for beginnings, _ in begins:
            assert all(any(name.startswith(each) for name in names) or each == "Post" for each in beginnings), service


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("s3:AbortMultipartUpload", ""), ("s3:CompleteMultipartUpload", "s3_puts"), ("s3:ListBuckets", "s3_puts"),
        ("dynamodb:DescribeTable", ""), ("dynamodb:ExecuteStatement", None), ("logs:PutLogEvents", None),
        ("sts:GetCallerIdentity", ""), ("ecs:RunTask", None),
    ],
)  # fmt: skip
def test_what_a_request_is_billed_as(operation, name):
    assert price_name(*operation.split(":")) == name


def test_a_state_machines_own_calls():
    now = date(2026, 1, 1)
    services = [
        ("dynamodb", "getItem"),
        ("aws-sdk:dynamodb", "scan"),
        ("dynamodb", "putItem"),
        ("aws-sdk:s3", "getObject"),
        ("sqs", "sendMessage"),
        ("states", "startExecution"),
        ("ecs", "runTask"),
    ]
    visit = Visit("S", "Task", None, now, calls=4, services=[*services, ("lambda", "invoke"), ("s3", "putObject")])
    usage = used_by_states(Trace((visit,), 4))
    assert usage == Usage(
        state_transitions=4, s3_puts=1, s3_gets=1, dynamodb_writes=1, dynamodb_reads=2, sqs_requests=1,
        unpriced=(("ecs:RunTask", 1),),
    )  # fmt: skip


def test_a_rank_pays_its_transitions_or_the_time_of_its_express_execution():
    row = RankRow(0, 0, "SUCCEEDED", None, 0.25, execution="arn:aws:states:r:1:execution:m/L:1")
    assert used_by_rank(row, 3) == Usage(state_transitions=3)
    express = replace(row, execution=row.execution.replace(":execution:", ":express:"))
    assert used_by_rank(express, 3).express_gb_seconds == pytest.approx(0.3 * 64 / 1024)
    assert used_by_rank(express, 3).state_transitions == 0


def test_usage_adds_up():
    assert Usage(lambda_requests=1, s3_gets=2) + Usage(s3_gets=3) == Usage(lambda_requests=1, s3_gets=5)
    one, other = Usage(untold=1, unpriced=(("b:B", 2),)), Usage(untold=2, unpriced=(("a:A", 1), ("b:B", 3)))
    assert one + other == Usage(untold=3, unpriced=(("a:A", 1), ("b:B", 5)))
    assert (one + other).shared_by(2) == Usage(untold=1.5, unpriced=(("a:A", 0.5), ("b:B", 2.5)))


def test_a_line_names_the_largest_parts():
    prices = Prices(date(2026, 1, 1), "r", (), dict.fromkeys(Usage().priced(), 1.0))
    line = cost_line(cost_of(Usage(lambda_requests=1, state_transitions=4, s3_puts=3, s3_gets=2), prices))
    assert line == (
        "cost, estimated: $10.00  (Step Functions transitions $4.00, S3 puts and lists $3.00, S3 gets $2.00)"
    )
    assert cost_line(cost_of(Usage())) == "cost, estimated: $0"


@pytest.mark.parametrize(
    ("usd", "text"),
    [(0, "$0"), (0.000365, "$0.000365"), (0.0206, "$0.0206"), (3.456, "$3.46"), (12345.6, "$12,346")],
)
def test_money(usd, text):
    assert dollars(usd) == text


def test_the_same_invocations_cost_the_same_in_any_order():
    calls = [("f", Report(str(ms), ms - 0.5, ms, 128, 40, None)) for ms in (541, 643, 1207, 977, 3, 88, 1013, 7)]
    amounts = {used_by_functions(calls[place:] + calls[:place], {"f": 700}) for place in range(len(calls))}
    assert len(amounts) == 1
