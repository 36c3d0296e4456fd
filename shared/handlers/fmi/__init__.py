"""What workflows whose ranks talk over FMI share: where the ranks meet, and the check that they can."""
