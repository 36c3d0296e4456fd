import json
import os

import boto3

s3 = boto3.client("s3")


def init(event, context):
    """Return the keys of the partitions in the shared data."""
    data = os.environ["COMMONS"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=data, Prefix=event["data_prefix"] + "/")
    keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
    return keys[: event["file_limit"]]


def infer(event, context):
    body = s3.get_object(Bucket=os.environ["COMMONS"], Key=event["key"])["Body"].read()
    galaxies = json.loads(body)
    redshifts = [sum(magnitudes) / 100 for magnitudes in galaxies]  # the model's place
    key = f"{event['result_path']}/{event['rank']}.json"
    s3.put_object(Bucket=os.environ["BUCKET"], Key=key, Body=json.dumps(redshifts).encode())
    return key


def summarize(event, context):
    bucket = os.environ["BUCKET"]
    parts = [json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in event["keys"]]
    key = f"{event['result_path']}/combined_data.json"
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(parts).encode())
    return {"combined": key, "galaxies": sum(map(len, parts))}
