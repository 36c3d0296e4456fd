import json
import os
from collections import Counter
import boto3
s3 = boto3.client("s3")
def read(key):
    return s3.get_object(Bucket=os.environ["BUCKET"], Key=key)["Body"].read().decode()
def write(key, value):
    s3.put_object(Bucket=os.environ["BUCKET"], Key=key, Body=json.dumps(value).encode())
    return key
def split(event, context):
    words, n, run = read(event["key"]).lower().split(), event["pieces"], context.aws_request_id
    return [write(f"runs/{run}/{i}.json", words[i::n]) for i in range(n)]
def count(event, context):
    return write(event.replace(".json", ".counts.json"), Counter(json.loads(read(event))))
def merge(event, context):
    import pandas
    total = pandas.DataFrame([json.loads(read(key)) for key in event]).sum().astype(int).sort_values(ascending=False)
    with boto3.resource("dynamodb").Table(os.environ["TABLE_TOTALS"]).batch_writer() as batch:
        for word, n in total.items():
            batch.put_item(Item={"word": word, "n": int(n)})
    return {"key": write("results/counts.json", total.to_dict()), "words": int(total.sum()), "distinct": len(total)}
