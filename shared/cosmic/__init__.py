"""The astronomy workshop: renders the sample survey, trains the model, converts users' files. Not in the zip."""
