"""Actions on devices: register, find and show them.

What a device says about itself comes in through `reports` and may not live here.
"""
