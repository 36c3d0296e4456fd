import os

import boto3

rekognition = boto3.client("rekognition")
comprehend = boto3.client("comprehend")


def label(event, context):
    image = {"S3Object": {"Bucket": os.environ["BUCKET"], "Name": event["picture"]}}
    return [each["Name"] for each in rekognition.detect_labels(Image=image)["Labels"]]


def weigh(event, context):
    return comprehend.detect_sentiment(Text=event["review"], LanguageCode="en")["Sentiment"]
