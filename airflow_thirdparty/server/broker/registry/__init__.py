"""The admin's side of an account: registered, checked, saved."""
