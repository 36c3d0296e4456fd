import os

import boto3


def gather(event, context):
    key = f"cells/{event['id']}"
    boto3.client("s3").put_object(Bucket=os.environ["BUCKET_GRID"], Key=key, Body=str(event["points"]).encode())
    return {"cell": event["id"], "mb": int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"])}
