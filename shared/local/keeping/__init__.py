"""A cloud that goes on later: ``lanes up --persist`` writes down what is in it when it ends, and begins with that.

Nearly all of a cloud is in moto's tables. They are written as they are, with the triggers' own state, into one folder
that only its owner may enter. Either all of it is replaced or nothing::

    .lanes/kept/current                   which of the folders beside it counts; replaced in one step
    .lanes/kept/cloud-<id>/tables.pickle  the versions that wrote it, on a line of JSON; then the tables, pickled
    .lanes/kept/data/objects/<name>       what S3's objects hold (:mod:`shared.local.objects`)

It is written when the cloud ends in order (``lanes down``, Ctrl-C, SIGTERM). A cloud that is killed goes on from where
it ended in order the last time. When it goes on:

- What was received of a queue and not deleted is visible again.
- Executions that ran begin again, from their start and under their name. What one had done is done a second time.
- Schedules fire once for what they missed (:mod:`shared.local.triggers.clock`).

Not kept: what is in ECS and ECR (a deploy makes it anew and pushes images again); the data of PostgreSQL (the secrets
that lead to it go, so a deploy makes a team's database anew); invocations of functions that nobody waits for and that
wait to be tried again; and sessions of roles. The owner's key is a new one.

Pickle runs code of who wrote the file, and that is the same user, in the same version of moto and of this project.
"""
