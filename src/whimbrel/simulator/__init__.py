"""Virtual devices, for people who have none at hand: vendor devices over MQTT and HTTPS, and hawkBit devices, which
connect, report, download and upgrade as real ones do, and misbehave as a seed decides.

They speak to a server over its public doors alone; nothing of the server itself may be reached from here.
"""
