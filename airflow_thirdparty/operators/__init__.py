"""Operators that act in a third-party service as the person who triggered the run."""
