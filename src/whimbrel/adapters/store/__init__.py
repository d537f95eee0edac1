"""The database: repositories over named SQL, migrations, and an engine's own ways of claiming and writing.

SQL stands in `.sql` files and nowhere else; state changes are decided by the domain and may not live here.
"""
