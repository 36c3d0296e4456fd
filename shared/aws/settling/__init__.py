"""What passes by itself while AWS settles, and waiting for it.

AWS's parts learn of each other's changes with a delay, take one change of a thing at a time, and have bad moments.
``rules`` is the table of what passes, ``answers`` reads an error by it, ``patience`` waits. botocore itself tries again
twice, within some three seconds, when AWS throttles, answers 5xx or breaks the connection. The reads of a plan have
nothing else. This package is for what takes longer. The price: where AWS uses the same words for an error that stays,
the user learns of it minutes later.
"""
