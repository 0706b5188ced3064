"""``airflow third-party-accounts …``"""
