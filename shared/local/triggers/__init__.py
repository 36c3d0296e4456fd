"""What starts workflows by itself: schedules, rules, uploads, and queues and streams that feed functions.

1. ``bucket_events`` writes what happens to objects into queues, topics, functions and buses, as a bucket's notification
   configuration says; ``bucket_notifications`` refuses the configurations that S3 refuses.
2. ``rules`` holds EventBridge's rules and their targets to what it takes, and tells their timetables. ``buses`` brings
   events to the rules that ask for them by ``event_patterns``, shaped by ``event_inputs``; ``rule_targets`` calls what
   they are for, and ``chains`` tells of rules that listen to what they start. ``machine_events`` says what Step
   Functions tells of executions.
3. ``queues`` makes moto's queues safe for many threads. ``mappings`` and ``stream_mappings`` hold event source mappings
   to what Lambda takes. ``poller`` gives batches of messages to functions, ``streams`` those of records, if
   ``mapping_filters`` ask for them; ``batches`` says what a batch and its answer look like.
4. ``schedules`` holds EventBridge Scheduler's schedules to what it takes, ``clock`` says when they and rules fire,
   ``schedule_calls`` which call a target is, ``targets`` makes it. ``firing`` tries firings and events again, until
   they are dead letters.

The pure parts take a :class:`shared.local.asl.scheduler.Scheduler`, so tests run a month of them in virtual time.
Everything that is called is called through this cloud's own API with the role that AWS would take, so its policies
decide.
"""
