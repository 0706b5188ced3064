"""Sign in, sign out, hand out a token, and whom a run acts for."""
