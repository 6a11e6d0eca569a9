"""The command line: each command parses a request, calls one service, renders the answer."""
