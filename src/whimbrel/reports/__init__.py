"""The device API: one module per message that a device sends, in the shape of an operation.

Topics, packets and status codes are the gateway's and may not live here.
"""
