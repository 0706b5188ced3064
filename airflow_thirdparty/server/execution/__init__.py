"""What the Execution API answers to tasks, and what Airflow's own requests tell us about runs."""
