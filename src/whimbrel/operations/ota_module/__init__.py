"""Actions on OTA modules: what parts of a device can be upgraded, and which versions devices run.

Files for a module are firmware and may not live here.
"""
