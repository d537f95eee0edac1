"""Ways to reach a device: sessions of this process, and later the bus to others and the mailbox.

What to tell a device is decided elsewhere; no protocol bytes and no job state may live here.
"""
