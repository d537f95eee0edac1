"""What the ports promise, done with one technology each: a folder per port, a module per technology.

Only `app.py` names an adapter. No rule about OTA may live here, and no foreign exception may leave.
"""
