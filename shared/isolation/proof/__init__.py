"""The proof: no document lets a team past its own names. It reads documents, and trusts nobody who wrote them."""
