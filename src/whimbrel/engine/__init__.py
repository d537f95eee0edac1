"""Moves jobs forward: a pure plan of what to do next, and a loop that does it until reality agrees.

It may be killed anywhere, so it keeps no state of its own; no protocol and no request handling may live here.
"""
