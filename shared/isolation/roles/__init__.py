"""What each role may do: policies made from the lane's own names. Pure data."""
