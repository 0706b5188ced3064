"""Migrations, run by Airflow."""
