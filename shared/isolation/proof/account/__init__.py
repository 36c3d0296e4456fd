"""What an account holds beside the teams' own documents, and who of it reaches a team."""
