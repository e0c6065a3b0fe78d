"""MLflow: writing what runs report, reading it back, tables and statistics."""
