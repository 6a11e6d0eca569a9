"""rulescope: read, explain, translate, prove and run detection rules."""
