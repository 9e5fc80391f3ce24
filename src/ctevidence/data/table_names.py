"""The tables of a study: each a CSV or Parquet file of its name, beside ``study.toml``."""

TABLES = ("participants", "visits", "events", "treatments")
