"""What was seen of runs: log lines and histories, read into frozen values."""
