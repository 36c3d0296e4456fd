import json
import os
import random

import boto3

s3 = boto3.client("s3")


def generate(event, context):
    for number in range(event["iterations"]):
        game = {"doors": event["doors"], "switch": number % 2 == 0}
        s3.put_object(Bucket=os.environ["BUCKET_SOURCE"], Key=f"input-{number:06}.json", Body=json.dumps(game).encode())


def play(event, context):
    won = []
    for item in event["Items"]:
        game = json.loads(s3.get_object(Bucket=os.environ["BUCKET_SOURCE"], Key=item["Key"])["Body"].read())
        first_is_right = random.randrange(game["doors"]) == 0
        won.append({"switch": game["switch"], "won": first_is_right != game["switch"]})
    return won


def parse(event, context):
    details = event["ResultWriterDetails"]
    folder = details["Key"].replace("manifest.json", "SUCCEEDED_")
    bucket = os.environ["BUCKET_DESTINATION"]
    rows = []
    for entry in s3.list_objects_v2(Bucket=bucket, Prefix=folder)["Contents"]:
        for batch in json.loads(s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()):
            rows += json.loads(batch["Output"])
    s3.put_object(Bucket=bucket, Key="results.json", Body=json.dumps(rows).encode())
    return {"games": len(rows)}
