"""The embedded cloud: moto for AWS's APIs, with a real Lambda runtime and Step Functions engine plugged in."""
