"""The function that starts a workflow when objects are uploaded. It lies between the queue of S3's notices and runs."""
