"""Where tasks run: no database and no lasting secret, only the server's answers."""
