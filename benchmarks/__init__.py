"""What it costs, measured beside vanilla Airflow in the same run; run one with python -m benchmarks.NAME."""
