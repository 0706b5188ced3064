"""What runs in the triggerer while a task is deferred, as the person for whom the task acts."""
