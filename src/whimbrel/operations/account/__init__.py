"""Actions on accounts, for the operator alone: make one with its first key, and list them.

An account's keys have a folder of their own and may not live here.
"""
