"""The door of devices that speak hawkBit's Direct Device Integration, over HTTP.

It reads requests, has devices recognised and writes answers; the state of a task and who is believed may not live here.
"""
