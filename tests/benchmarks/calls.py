"""What reading a request and telling its needs costs, once warm: ``python tests/benchmarks/calls.py``.

Printed beside each time is the reading's share of it, and how often one request's reading fits into a warm Lambda's
own 5 ms here. Nothing is asserted: a busy machine is slow.
"""

import timeit

from shared.local.calls import needs, read_call
from shared.local.calls.models import model_of
from tests.helpers.wire import request_of

ACCOUNT, REGION = "123456789012", "us-east-1"
ROUNDS = 500
TYPICAL = {
    "s3:GetObject": {"Bucket": "b", "Key": "k/x"},
    "s3:PutObject": {"Bucket": "b", "Key": "k/x", "Body": bytes(6_000_000)},
    "s3:ListObjectsV2": {"Bucket": "b", "Prefix": "k/"},
    "lambda:Invoke": {"FunctionName": "f", "Payload": b"{}"},
    "stepfunctions:StartExecution": {
        "stateMachineArn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m",
        "input": "{}",
    },
    "dynamodb:GetItem": {"TableName": "t", "Key": {"id": {"S": "x"}}},
    "dynamodb:BatchWriteItem": {
        "RequestItems": {"t": [{"PutRequest": {"Item": {"id": {"S": str(number)}}}} for number in range(25)]}
    },
    "secretsmanager:GetSecretValue": {"SecretId": "s"},
    "logs:PutLogEvents": {
        "logGroupName": "g",
        "logStreamName": "s",
        "logEvents": [{"timestamp": 1, "message": "x" * 100}] * 1000,
    },
    "iam:CreateRole": {"RoleName": "r", "AssumeRolePolicyDocument": "{}"},
    "sqs:SendMessage": {"QueueUrl": f"http://127.0.0.1/{ACCOUNT}/q", "MessageBody": "x"},
}


def main() -> None:
    """Print a line for each typical request."""
    print(f"{'request':32} {'read and told':>14} {'reading':>8} {'in 5 ms':>8}")
    for name, parameters in TYPICAL.items():
        service, _, operation = name.partition(":")
        model = model_of(service)
        request = request_of(model.operation_model(operation), parameters, model.resolved_protocol)

        def reading(signed=model.signing_name, sent=request):
            return read_call(signed, REGION, sent)

        def telling(read=reading):
            return needs(read(), ACCOUNT)

        telling()
        whole, part = (min(timeit.repeat(each, number=ROUNDS, repeat=5)) / ROUNDS for each in (telling, reading))
        print(f"{name:32} {whole * 1e3:11.3f} ms {part / whole:7.0%} {5e-3 / whole:8.0f}")


if __name__ == "__main__":
    main()
