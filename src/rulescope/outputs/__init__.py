"""Outputs: alerts, rules, diagnostics and coverage as text in the formats other tools read. One module a format."""
