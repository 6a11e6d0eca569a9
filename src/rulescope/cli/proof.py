"""Commands about translations and their proof: translate, verify, compare."""
