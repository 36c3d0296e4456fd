"""A cloud that survives: ``lanes up --persist`` writes down what is in it before it says so, and begins with that.

Nearly all of a cloud is in moto's tables. A journal has them, in units that are replaced one by one: ``tables.db`` in
the folder of what a cloud keeps (:mod:`shared.local.storage`), which only its owner may enter. Objects, executions and
logs have stores of their own beside it.

1. ``app`` stands before moto. It lets a call change what it changes, and answers when the journal has it; ``reads``
   tells which calls change nothing.
2. ``watching`` notes which backends, and which entries of large collections, a change asks for.
3. ``tables`` names backends. ``units`` cuts them into units and finds those that have changed; ``shelves`` are the
   large collections, of which each entry is written by itself; ``pickles`` writes and reads them.
4. ``journal`` writes all that has changed in one transaction for all who wait (:mod:`shared.local.changing` says what
   keeps it whole). It also has records of what is no part of moto's tables (:mod:`shared.local.ledger`): events that
   wait for their function, firings, how far streams were read.
5. ``folder`` and ``schema`` tell what may be read, ``loading`` fills a new cloud with it; ``keeper`` does all this for
   one cloud.

After a power cut, or ``kill -9``, a cloud holds all that it has acknowledged, and of each change all or nothing. Then:

- What was received of a queue and not deleted is visible again.
- Executions that ran begin again, from their start and under their name. What one had done is done a second time.
- Events that nobody waits for, firings and batches of streams that were under way come once more.
- Schedules fire once for what they missed (:mod:`shared.local.triggers.clock`).
- A stack that was being changed has failed; what it had made is there.

Not kept: what is in ECS and ECR (a deploy makes it anew and pushes images again); the data of PostgreSQL (the secrets
that lead to it go, so a deploy makes a team's database anew); and sessions of roles. The owner's key is a new one, so
that none lies on the disk while no cloud runs.

The units are pickles: they run code of who wrote the file, and that is the same user. Read on is what has the same
layout of ours and is of the same version of moto (:mod:`.schema`); the version of this project may be another.
"""
