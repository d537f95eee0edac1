"""Actions on accounts: making one and listing them, for the operator alone, and what the jobs of one carry.

An account's keys have a folder of their own and may not live here.
"""
