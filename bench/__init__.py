"""Measures the budgets of the design, each beside a limit that is measured in the same run (`make bench`).

Nothing of the server may depend on this room, and nothing here asserts a time: it prints a table for people.
"""
