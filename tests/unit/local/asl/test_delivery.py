"""Log delivery: an execution ends the same whether or not its events can be written."""

from shared.local.asl.delivery import deliver_at_the_end

LOGGING = {
    "level": "ALL",
    "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": "arn:aws:logs:us-east-1:1:log-group:/x:*"}}],
}


def test_a_cloud_that_is_gone_takes_no_logs_and_breaks_nothing(world):
    world.engine.services.endpoint = "http://127.0.0.1:1"
    execution = world.start({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}, 1)
    deliver_at_the_end(execution, LOGGING)
    world.scheduler.run()
    assert execution.status == "SUCCEEDED"
