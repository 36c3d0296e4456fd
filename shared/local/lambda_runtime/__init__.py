"""Lambda on this machine: the zip or image that was uploaded, run by AWS's own runtime client in processes of its own.

An invocation goes through these parts, each in its file:

1. ``plug``      what moto knows of a function becomes a :class:`FunctionSpec`; moto's invoke ends here; ``image``: what
   it knows of one that is a container image; ``limits`` and ``zips``: what is refused as it is uploaded
2. ``runtime``   limits on the payload, a worker from the pool or a cold start; ``call``: what is logged and answered
3. ``pool``      one invocation at a time per worker, warm ones first, the function's concurrency, a bound for all
4. ``unpack``    each zip unpacked once, and ``unpack_image`` the layers of an image
5. ``sandbox``   the worker's environment, its private /tmp and its read-only code; ``libraries``: what it may import
6. ``worker``    one process running ``python -m awslambdaric``; the invoking thread serves it, so no helper threads
7. ``runtime_api``, ``log_stream``, ``memory``  what goes over the socket, the log pipe and /proc; ``cloudwatch``: on
   to CloudWatch Logs; ``endings``: how a worker dies, in Lambda's words
8. ``events``    invocations nobody waits for, with AWS's retries

What it costs: Linux only (/proc, signals on a pipe, mount namespaces where the kernel allows them), Python functions
only, of an image its /var/task alone, and CPU is not rationed by memory. A worker is not frozen between invocations.
"""

from shared.local.lambda_runtime.cloudwatch import MotoLogs
from shared.local.lambda_runtime.function import FunctionSpec, ImageCode, Invocation, InvokeRefusedError, Layer
from shared.local.lambda_runtime.image import install_images
from shared.local.lambda_runtime.limits import install_limits
from shared.local.lambda_runtime.plug import install, invoker, spec_of
from shared.local.lambda_runtime.runtime import LambdaRuntime

__all__ = [
    "FunctionSpec",
    "ImageCode",
    "Invocation",
    "InvokeRefusedError",
    "LambdaRuntime",
    "Layer",
    "MotoLogs",
    "install",
    "install_images",
    "install_limits",
    "invoker",
    "spec_of",
]
