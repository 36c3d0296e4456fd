"""What starts workflows by itself: schedules, uploads, and queues that feed functions.

1. ``bucket_events`` writes what happens to objects into queues, topics, functions and buses, as a bucket's notification
   configuration says; ``bucket_notifications`` refuses the configurations that S3 refuses.
   ``rule_targets`` brings events of buses to functions, machines and topics.
2. ``queues`` makes moto's queues safe for many threads. ``mappings`` holds event source mappings to what Lambda takes,
   ``poller`` gives batches of messages to functions, ``batches`` says what a batch and its answer look like.
3. ``schedules`` holds EventBridge Scheduler's schedules to what it takes, ``clock`` says when they fire, ``targets``
   what is called then, ``firing`` tries again and writes dead letters.

The pure parts take a :class:`shared.local.asl.scheduler.Scheduler`, so tests run a month of them in virtual time.
Everything that is called is called through this cloud's own API with the role that AWS would take, so its policies
decide.
"""
