"""Who caused a run, written while Airflow serves the request."""
