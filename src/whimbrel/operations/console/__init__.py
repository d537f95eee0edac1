"""Actions on the users of the console: inviting them, their roles, and ending their sessions.

How a browser signs in is the console door's business and may not live here.
"""
