"""Ways to reach a device: sessions of this process, and orders to other processes.

What to tell a device is decided elsewhere; no protocol bytes and no job state may live here.
"""
