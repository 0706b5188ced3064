"""Handing out access tokens, and refreshing them."""
