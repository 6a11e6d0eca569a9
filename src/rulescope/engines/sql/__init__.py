"""The model as DuckDB SQL: expressions, predicates, stages, one common table expression a stage."""
