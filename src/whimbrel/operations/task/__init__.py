"""Actions on tasks: confirm, list and cancel one device's part of a job.

What a device reports about its task comes in through `reports` and may not live here.
"""
