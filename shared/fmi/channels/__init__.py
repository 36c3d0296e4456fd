"""How bytes get from rank to rank: directly over TCP, through S3, or through Redis. One suite tests all three."""
