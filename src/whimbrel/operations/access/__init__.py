"""Actions on AccessKeys: who may do what with an account, as keys with policies.

The rules of policies are the domain's; accounts and the audit trail have folders of their own and may not live here.
"""
