"""What runs used, and what that costs."""
