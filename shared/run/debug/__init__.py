"""An invocation of a run once more, in this process, where a debugger can look at it.

1. ``choice`` finds the invocation in the run's history: its function, and the event that it got.
2. ``deployed`` asks Lambda what that function is: its handler, its variables, its role, its code's hash.
3. ``meeting`` refuses a rank that would wait for its world for ever.
4. ``libraries`` sees to it that the handler imports the versions that its package has.
5. ``calls`` stands before each call to AWS that is made here: it refuses what writes, and asks the function's rights
   where the cloud cannot (``rights``).
6. ``again`` calls the handler, in the function's environment, and tells what came of it (``told``).

What differs from Lambda: no limit of time or memory holds, and /tmp is the machine's. Calls that do not go through
botocore (a presigned URL that was made elsewhere, a socket, a program that the handler starts) are not stopped.
"""
