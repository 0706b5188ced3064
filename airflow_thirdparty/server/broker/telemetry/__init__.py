"""Audit rows, metrics and spans."""
