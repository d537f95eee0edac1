"""The terminal door: `whimbrel serve`, and commands that sign and call like any client.

It translates words of a command line; what an operation does and what is stored may not live here.
"""
