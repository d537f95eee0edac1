"""Where firmware bytes are kept: on disk, and later in an object store.

Bytes are addressed by their SHA-256 only; names, products and permissions may not live here.
"""
