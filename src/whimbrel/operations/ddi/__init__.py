"""Actions of people on devices that speak hawkBit's DDI: how a product's are set up, their tokens, what they said.

What the devices themselves ask is the DDI door's and may not live here.
"""
