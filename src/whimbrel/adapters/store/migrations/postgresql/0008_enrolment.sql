-- Who may make its own device: dynamic registration of vendor devices, plug and play of DDI devices. Both are off by default.

-- dynamic_registration: 0 off, 1 for names that are registered already, 2 for any name (see domain/enrolment.py).
-- plug_and_play: an unknown DDI device that proves the product's gateway token or certificate becomes a device.
-- self_made_max: how many devices may make themselves, by either way; self_made: how many did, for good (I17, A15).
ALTER TABLE product ADD COLUMN dynamic_registration INTEGER NOT NULL DEFAULT 0 CHECK (dynamic_registration IN (0, 1, 2));
ALTER TABLE product ADD COLUMN plug_and_play INTEGER NOT NULL DEFAULT 0;
ALTER TABLE product ADD COLUMN self_made_max BIGINT NOT NULL DEFAULT 0;
ALTER TABLE product ADD COLUMN self_made BIGINT NOT NULL DEFAULT 0;

-- enrolments: answers since enrolled_ms. is_reopened: ResetThing let the device register once more.
ALTER TABLE device ADD COLUMN enrolments INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN is_reopened INTEGER NOT NULL DEFAULT 0;

-- A device that registered without a secret logs in with a token that is its password for good; only its digest is kept (A15).
ALTER TABLE device ADD COLUMN token_digest BYTEA;
ALTER TABLE device ADD COLUMN token_client_id TEXT NOT NULL DEFAULT '';

-- Requests that were answered with a secret: the same one, seen by somebody else, works no second time, not even after
-- ResetThing or for a later device of the name (A16). One row for each answer.
CREATE TABLE enrolment_proof (
  product_id BIGINT NOT NULL REFERENCES product (id),
  digest BYTEA NOT NULL,
  used_ms BIGINT NOT NULL,
  PRIMARY KEY (product_id, digest)
);
