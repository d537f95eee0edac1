"""Actions on products: create, show and list the kinds of device.

A product's devices and firmware have folders of their own and may not live here.
"""
