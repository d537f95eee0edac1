"""Port `sealer`: secrets at rest under the master key. Nothing else may hold the master key."""
