"""Counts words: split cuts the texts into pieces, count takes one piece, merge adds up what all of them found."""

import json
import os
from collections import Counter

import boto3

s3 = boto3.client("s3")


# --- The work itself: plain functions, which tests call as they are.


def count_words(text):
    return Counter(text.lower().split())


def cut(text, pieces):
    """Return the words of a text in so many pieces, nearly equal."""
    words = text.split()
    return [" ".join(words[start::pieces]) for start in range(pieces)]


# --- The handlers: Lambda calls them with what the state machine passes. What they return is the state's answer.


def split(event, context):
    files = s3.list_objects_v2(Bucket=os.environ["BUCKET"], Prefix=event["folder"] + "/").get("Contents", [])
    texts = [read(file["Key"]) for file in files if file["Key"].endswith(".txt")]
    if not texts:
        raise FileNotFoundError(f"no text: aws s3 cp FILE.txt s3://{os.environ['BUCKET']}/{event['folder']}/")
    keys = []
    for number, piece in enumerate(cut(" ".join(texts), event["pieces"])):
        keys.append(write(f"runs/{event['run']}/piece-{number}.txt", piece))
    return {"pieces": keys}  # the Map counts each of them


def count(event, context):
    counts = count_words(read(event["piece"]))
    return write(event["piece"].replace(".txt", ".json"), json.dumps(counts))


def merge(event, context):
    total = Counter()
    for key in event["counts"]:
        total.update(json.loads(read(key)))
    result = write(f"results/{event['run']}/counts.json", json.dumps(total))
    return {"result": result, "words": sum(total.values()), "distinct": len(total)}


def read(key):
    return s3.get_object(Bucket=os.environ["BUCKET"], Key=key)["Body"].read().decode()


def write(key, text):
    s3.put_object(Bucket=os.environ["BUCKET"], Key=key, Body=text.encode())
    return key
