"""Moving an account: out of a vendor's service or another Whimbrel, into a folder, and into this server.

A source is read by the calls that its vendor documents, and by no other; a destination is written by calls that every
client has. Nothing here knows the server's store.
"""
