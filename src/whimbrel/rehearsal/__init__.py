"""Rollouts in virtual time: a fleet that upgrades, fails or dies as a seed decides, told by the rules of the domain.

No server, no store, no network: what a job's gate, pace and stages would do, in a second instead of a day. The rules
are the domain's own; tests hold that the engine does the same, device by device.
"""
