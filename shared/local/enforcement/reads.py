"""The actions that a function's role needs, so that Lambda can read a queue or a stream for it.

Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS", "with Amazon DynamoDB" and "with Amazon Kinesis"
(read 2026-11-29).
"""

FROM_QUEUE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
FROM_TABLE = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
FROM_STREAM = ("kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator")
