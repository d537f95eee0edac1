"""Actions on the audit trail: it is only read, nothing here may write it.

Entries are written where calls are performed, in the call's own transaction.
"""
