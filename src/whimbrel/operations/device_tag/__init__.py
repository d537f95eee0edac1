"""Actions on tags of devices: set, show and remove them, and find devices by them.

Tags of jobs, which devices receive, belong to `job` and may not live here.
"""
