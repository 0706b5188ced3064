"""Where tasks run: credentials as client libraries of other makers take them, one module a library."""
