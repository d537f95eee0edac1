"""What is true of OTA: frozen values, and state changes as pure functions over them.

Standard library only. No IO, no waiting, no clock, no randomness and no logging may live here: all of it arrives as
arguments.
"""
