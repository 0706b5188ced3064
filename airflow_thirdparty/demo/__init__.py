"""The embedded default: Airflow, a local identity provider and a few users."""
