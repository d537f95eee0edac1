"""The device door: sessions without IO that turn packets into events and commands, and protocols around them.

It authenticates, translates and delivers; the state of a task and the meaning of a report may not live here.
"""
