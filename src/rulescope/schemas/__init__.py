"""What the log world calls things: tables, columns, event types, log sources, ATT&CK, and the ways from one to another."""
