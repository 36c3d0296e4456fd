// The stack of an item map: a list in a table, mapped over by a state machine, each item logged by a function.
// `cdk synth -c concurrency=3` maps over three items at once.
const cdk = require("aws-cdk-lib");
const dynamodb = require("aws-cdk-lib/aws-dynamodb");
const lambda = require("aws-cdk-lib/aws-lambda");
const logs = require("aws-cdk-lib/aws-logs");
const states = require("aws-cdk-lib/aws-stepfunctions");
const tasks = require("aws-cdk-lib/aws-stepfunctions-tasks");

class ItemMap extends cdk.Stack {
  constructor(scope, id) {
    super(scope, id);
    const table = new dynamodb.Table(this, "Lists", {
      partitionKey: { name: "list", type: dynamodb.AttributeType.STRING },
      removalPolicy: cdk.RemovalPolicy.DESTROY,
    });
    const worker = new lambda.Function(this, "Worker", {
      runtime: lambda.Runtime.PYTHON_3_11,
      handler: "worker.handler",
      code: lambda.Code.fromAsset("src"),
      logRetention: logs.RetentionDays.ONE_DAY,
    });

    const each = new states.Wait(this, "Pause", { time: states.WaitTime.duration(cdk.Duration.seconds(2)) }).next(
      new tasks.LambdaInvoke(this, "Work", { lambdaFunction: worker, payloadResponseOnly: true }),
    );
    const map = new states.Map(this, "Each", { maxConcurrency: Number(this.node.tryGetContext("concurrency") ?? 1) });
    map.itemProcessor(each);
    const read = new tasks.DynamoGetItem(this, "Read", {
      table,
      key: { list: tasks.DynamoAttributeValue.fromString("topics") },
      outputPath: "$.Item.values.L",
    });
    const machine = new states.StateMachine(this, "Machine", {
      definitionBody: states.DefinitionBody.fromChainable(read.next(map)),
      timeout: cdk.Duration.minutes(5),
    });

    new cdk.CfnOutput(this, "MachineArn", { value: machine.stateMachineArn });
    new cdk.CfnOutput(this, "TableName", { value: table.tableName });
    new cdk.CfnOutput(this, "WorkerName", { value: worker.functionName });
  }
}

new ItemMap(new cdk.App(), "ItemMap");
