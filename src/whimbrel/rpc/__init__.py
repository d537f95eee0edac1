"""The management door: bytes to a verified caller and a typed request, a typed answer or an error to bytes.

HTTP status codes are chosen here and only here; what an operation decides may not live here.
"""
