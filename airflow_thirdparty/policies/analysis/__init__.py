"""Which accounts a DAG names, read from its source and its operators."""
