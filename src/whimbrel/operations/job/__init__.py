"""Actions on jobs: create, show, list and cancel a rollout.

Moving a job forward is the engine's work and may not live here.
"""
