"""What the API takes and answers: one module for each module of routes."""
