"""For the tests of DAG authors: accounts without an API server."""
