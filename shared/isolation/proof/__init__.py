"""The proof: no document lets a team past its own names. It reads documents, and trusts nobody who wrote them.

:mod:`~shared.isolation.proof.proof` tells the theory. ``names`` holds the lemmas about names, ``documents`` judges IAM
documents, ``database_rules`` SQL, and ``account`` what else there is in an account. ``matrix`` counts who reaches whom
without the proof's rules.
"""
