"""Everything that survives a restart: one SQLite file, one writer, plain functions over it."""
