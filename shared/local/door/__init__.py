"""The door of the embedded cloud: it decides which requests may come in, and finds out who sent them.

A web page in the user's browser and another user of the same machine reach a loopback port as easily as the user does.
So a request goes through these steps, each in the thread of its connection and each in a module of its own. The first
step that refuses it answers it, and nothing behind that step sees it:

1. ``server`` (of the package above) reads the request. It keeps the target and the headers as they came
   (``arrived``), because those are what is signed. A request with a broken header line is refused.
2. ``browser`` refuses what a web page of another origin may have sent. It looks at Host, Origin, Sec-Fetch-Site and
   Referer, and at no key.
3. Requests below ``/v2/`` that are not signed for AWS go to the container registry, which has its own log-in. All
   others go on.
4. ``signature`` reads what the request says about its signature (AWS's Version 4, in a header or in the query);
   ``version_2`` does so for S3's old presigned URLs.
5. ``callers`` finds whose key it is: the account owner's, an IAM user's, or that of a session. ``sessions`` makes and
   reads temporary credentials from the owner's key; there is no table of them.
6. ``signature`` checks the time and the signature over what arrived (``version_2`` those of S3's old URLs). A body up
   to 1 MB is read and checked before anything else happens. ``chunks`` checks a larger one while it is read: the last
   byte is handed out only if all of them are right, so the cloud never gets a whole body that is wrong.
7. The caller goes into the WSGI environ, and the request to :mod:`shared.local.enforcement`: it reads the call, decides
   about it, and only then moto is called.

``app`` puts steps 2 and 4 to 6 in front of the cloud. ``refused`` names what can be wrong, and ``answers`` writes it in
the protocol of the service that was asked. A refusal from enforcement (:class:`refused.RefusedError`) passes back
through the door and is written in the same way. ``identity`` makes moto's STS give out sessions that the door knows.

The cost: nobody comes in unsigned, so S3 has no public objects here, and browsers have no CORS.
"""
