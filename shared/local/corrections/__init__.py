"""What moto does otherwise than AWS, put right from outside."""
