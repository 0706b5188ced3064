"""Third-party accounts for Apache Airflow: tasks act as the person who triggered the run."""

__version__ = "0.1.0"
