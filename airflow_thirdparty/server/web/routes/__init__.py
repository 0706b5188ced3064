"""Thin routes: the broker holds the logic."""
