-- Who may make its own device: dynamic registration of vendor devices, plug and play of DDI devices. Both are off by default.

-- dynamic_registration: 0 off, 1 for names that are registered already, 2 for any name (see domain/enrolment.py).
-- plug_and_play: an unknown DDI device that proves the product's gateway token or certificate becomes a device.
-- self_made_max: how many devices may make themselves, by either way; self_made: how many did (I17, A15).
ALTER TABLE product ADD COLUMN dynamic_registration INTEGER NOT NULL DEFAULT 0 CHECK (dynamic_registration IN (0, 1, 2));
ALTER TABLE product ADD COLUMN plug_and_play INTEGER NOT NULL DEFAULT 0;
ALTER TABLE product ADD COLUMN self_made_max BIGINT NOT NULL DEFAULT 0;
ALTER TABLE product ADD COLUMN self_made BIGINT NOT NULL DEFAULT 0;

-- A device that registered without a secret logs in with a token that is its password for good; only its digest is kept (A15).
ALTER TABLE device ADD COLUMN token_digest BYTEA;
ALTER TABLE device ADD COLUMN token_client_id TEXT NOT NULL DEFAULT '';
