-- A second person's approval of a rollout (ADR 0066).

-- created_by, approved_by: an AccessKeyId or `user:NAME`; '' for jobs that were made before it was kept, and for nobody.
ALTER TABLE job ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
ALTER TABLE job ADD COLUMN approved_by TEXT NOT NULL DEFAULT '';

-- hold: besides none, paused and halted: 3 waits for approval, 4 was rejected and is being cancelled, or is.
ALTER TABLE job ADD COLUMN held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1, 2, 3, 4));
UPDATE job SET held = hold WHERE hold <> 0;
ALTER TABLE job DROP COLUMN hold;
ALTER TABLE job RENAME COLUMN held TO hold;

-- approval: whether the account's new rollouts wait for somebody else's.
ALTER TABLE account ADD COLUMN approval INTEGER NOT NULL DEFAULT 0 CHECK (approval IN (0, 1));
