"""What is done in the background, by one process at a time."""
