"""Where DAG files are parsed: imports next to nothing."""
