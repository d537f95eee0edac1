"""Virtual devices, for people who have none at hand: they connect, report, download and upgrade as vendor devices do.

They speak to a server over its public doors alone; nothing of the server itself may be reached from here.
"""
