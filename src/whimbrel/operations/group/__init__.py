"""Actions on groups of devices: make, show and delete them, and say which devices they hold.

What a group is used for (jobs, rights of keys) may not live here.
"""
