import json
import os

import boto3

s3 = boto3.client("s3")


def list_files(event, context):
    listed = s3.list_objects_v2(Bucket=os.environ["BUCKET"], Prefix=event["folder"] + "/")
    return [each["Key"] for each in listed.get("Contents", [])]


def mean(event, context):
    values = json.loads(s3.get_object(Bucket=os.environ["BUCKET"], Key=event)["Body"].read())
    return sum(values) / len(values)
