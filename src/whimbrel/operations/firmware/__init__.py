"""Actions on firmware: upload, create, list, show, verify and delete.

The bytes themselves pass through `transfer` and may not live here.
"""
