"""What the commands do; each is imported only when it is called."""
