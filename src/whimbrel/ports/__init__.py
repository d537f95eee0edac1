"""What we need from outside, as small protocols: meaning, errors, durability, and nothing of how.

No technology is named and no code runs here; values that cross a port are frozen.
"""
