"""The API server: the only zone that sees secrets and the database."""
