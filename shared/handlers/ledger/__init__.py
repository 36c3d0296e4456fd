"""The ledger of prepaid lanes: what a run may cost is reserved before it begins, and the rest given back at its end.

``reserve`` is the platform's function, which the first state of each prepaid workflow calls. ``account`` keeps the
sums in DynamoDB, ``settle`` gives back what ended runs did not use, by ``used``, which counts from their histories.
"""
