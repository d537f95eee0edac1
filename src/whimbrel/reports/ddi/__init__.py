"""What DDI devices say, one module per message. Each takes the device's words to the one state machine of tasks.

How words arrive and which numbers HTTP has for an answer may not live here: an answer is a `Verdict`.
"""
