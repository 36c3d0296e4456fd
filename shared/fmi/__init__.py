"""Message passing between functions (MPI's collectives) and the rendezvous where they meet. In the Lambda zip."""
