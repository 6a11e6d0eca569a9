"""Functions of the engine, one table of values a family."""
