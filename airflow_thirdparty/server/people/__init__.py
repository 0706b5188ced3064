"""Who an Airflow user is, and whether they still are."""
