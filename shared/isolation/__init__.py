"""What each role of a lane may do: policies made from the lane's own names."""
