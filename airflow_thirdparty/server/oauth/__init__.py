"""The protocols, knowing nothing of Airflow."""
