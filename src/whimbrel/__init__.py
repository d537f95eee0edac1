"""Whimbrel, a self-hosted OTA firmware update server.

CONTRIBUTING.md shows the rooms and what each may import. Nothing is done at import, and nothing lives here but the
rooms' folders and the few modules that all of them share: `errors`, `settings`, `app`, `crash_points`.
"""
