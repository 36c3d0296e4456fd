"""The door of the embedded cloud: who may come in, and who it is.

A web page in the user's browser and another user of the same machine reach a loopback port as easily as the user does.
A request goes through these parts, each in its file:

1. ``browser``    no web page of another origin: by Host, Origin and what browsers tell of a request's source
2. ``signature``  AWS's Signature Version 4, as header or in the query, over what really arrived; ``chunks``: of a body
   that is signed in pieces
3. ``callers``    whose key that is: the account's owner's, a session's, an IAM user's
4. ``sessions``   temporary credentials, made of the owner's key; no table is kept of them
5. ``app``        all of it in front of the cloud, as WSGI; ``refused``: errors in AWS's codes, with our fix

``identity`` lets STS answer for what is known here. What it costs: nobody comes in unsigned, so S3 knows no public
objects here, and browsers no CORS.
"""
