"""The file door: form uploads in, byte ranges out, streamed with a bounded memory.

Whether a file is allowed, and what it means, is decided by operations and the domain and may not live here.
"""
