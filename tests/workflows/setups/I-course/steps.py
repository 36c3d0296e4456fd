import os

import boto3


def label(event, context):
    image = {"S3Object": {"Bucket": os.environ["BUCKET"], "Name": event["picture"]}}
    found = boto3.client("rekognition").detect_labels(Image=image)
    return [each["Name"] for each in found["Labels"]]


def weigh(event, context):
    return boto3.client("comprehend").detect_sentiment(Text=event["review"], LanguageCode="en")["Sentiment"]
