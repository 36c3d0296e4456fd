"""What passes by itself while AWS settles, and waiting for it.

AWS's parts learn of each other's changes with a delay, take one change of a thing at a time, and have bad moments.
``rules`` is the table of what passes, ``answers`` reads an error by it, ``patience`` waits. botocore itself asks again
twice, within some three seconds, when it is throttled, answered 5xx or cut off, and for the reads of a plan that is all
there is; here begins what takes longer. The price: what is wrong for good is told minutes later where AWS says it in
the words of what passes.
"""
