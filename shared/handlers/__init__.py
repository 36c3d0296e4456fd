"""One small module per workflow step, the science in pure functions beside them. In the Lambda zip."""
