"""Whom a task instance acts for."""
