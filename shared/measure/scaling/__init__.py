"""Many runs beside one another: sweeps, their figures, and the model that predicts more of them."""
