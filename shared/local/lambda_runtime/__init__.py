"""Lambda on this machine: AWS's own runtime client runs the uploaded zip or image, in processes of its own.

An invocation goes through these modules:

1. ``plug`` replaces moto's invoke, and turns moto's function into a :class:`FunctionSpec`. ``image`` does so for a
   function that is a container image. ``limits`` and ``zips`` refuse packages when they are uploaded.
2. ``runtime`` checks the payload, and gets a worker from the pool or starts one. ``call`` writes what is logged and
   answered.
3. ``pool`` gives each worker to one invocation at a time. It tells the theory of operation: threads, locks, states.
4. ``unpack`` unpacks each zip once, ``unpack_image`` the layers of an image.
5. ``sandbox`` makes a worker's environment, private /tmp and read-only code; ``libraries``, what it may import.
6. ``worker`` is one process with ``python -m awslambdaric``. The invoking thread serves it.
7. ``runtime_api``, ``log_stream`` and ``memory`` read the socket, the log pipe and /proc. ``peer`` refuses connections
   of other users. ``cloudwatch`` writes to CloudWatch Logs. ``endings`` names how a worker can end.
8. ``events`` queues invocations that nobody waits for, with AWS's retries. ``destinations`` sends the records of them,
   and dead letters.

The cost: it needs Linux (/proc, signals on a pipe, mount namespaces where the kernel allows them), runs only Python
functions, uses only /var/task of an image, and does not limit CPU by memory. A worker is not frozen between
invocations.
"""

from shared.local.lambda_runtime.cloudwatch import MotoLogs
from shared.local.lambda_runtime.destinations import Destinations
from shared.local.lambda_runtime.function import FunctionSpec, ImageCode, Invocation, InvokeRefusedError, Layer
from shared.local.lambda_runtime.image import install_images
from shared.local.lambda_runtime.limits import install_limits
from shared.local.lambda_runtime.plug import install, invoker, sender
from shared.local.lambda_runtime.runtime import LambdaRuntime

__all__ = [
    "Destinations",
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
    "sender",
]
