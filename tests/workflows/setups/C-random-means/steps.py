import os
import random

import boto3

s3 = boto3.client("s3")


def generate(event, context):
    batch = context.aws_request_id
    names = [{"name": f"{batch}+{number}"} for number in range(event["repetitions"])]
    return {"statusCode": 200, "body": {"csv_name": names}}


def draw(event, context):
    key = f"generated_numbers/{event['name']}.csv"
    s3.put_object(Bucket=os.environ["BUCKET"], Key=key, Body=str(random.randint(0, 1000)).encode())
    return key


def collect(event, context):
    read = [s3.get_object(Bucket=os.environ["BUCKET"], Key=key)["Body"].read() for key in event]
    return {"mean": sum(map(int, read)) / len(read), "draws": len(read)}
