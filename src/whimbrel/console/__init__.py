"""The browser door: pages that call operations for a person who is logged in.

It shows and asks; no operation, no rule and no access to the store may live here.
"""
