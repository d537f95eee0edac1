"""The management API: one module per Action, in a folder per noun; the registry finds them by itself.

Each loads, asks the domain, saves and records. No HTTP, no SQL and no signature may live here.
"""
