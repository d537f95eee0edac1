"""Ways to wake a part that waits for work: in this process, and across processes.

A wake-up carries no data and may be lost: the truth is in the store, so no work may live here.
"""
