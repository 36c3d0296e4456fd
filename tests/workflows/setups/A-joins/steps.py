import json

import boto3


def init(event, context):
    return event["tasks"]


def execute(event, context):
    body = json.dumps({"inputText": event})
    answer = boto3.client("bedrock-runtime").invoke_model(modelId="amazon.titan-embed-text-v2:0", body=body)
    return len(json.loads(answer["body"].read())["embedding"])
