"""The FastAPI app: pages and API for people."""
