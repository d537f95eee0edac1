-- The counters that page lists.
-- A page's statement first takes the ids from the list's covering index, then the rows: skipping 4,090 rows costs
-- 0.1 ms so, and 1 ms when each skipped row is joined.

-- name: list_total
-- How many rows a list has.
SELECT n FROM list_count WHERE list = :list AND block = -1

-- name: group_sizes
-- How many devices each of some static groups has.
SELECT given.id, coalesce(c.n, 0)
FROM ({given_ids}) AS given LEFT JOIN list_count c ON c.list = 'members:' || CAST(given.id AS TEXT) AND c.block = -1

-- name: job_counts
-- How many tasks a job has in each status that it ever had, by :tasks, the name of the list of all its tasks.
SELECT s.column1, c.n FROM (VALUES (0), (1), (2), (3), (4), (5), (6)) AS s
JOIN list_count c ON c.list = CAST(:tasks AS TEXT) || ':' || s.column1 AND c.block = -1

-- name: list_block_at
-- The block that holds the row at :offset, newest first, and how many rows of the list are in newer blocks.
SELECT block, CAST(newer AS BIGINT) FROM (
  SELECT block, n, sum(n) OVER (ORDER BY block DESC) - n AS newer FROM list_count WHERE list = :list AND block >= 0
) AS blocks
WHERE newer <= :offset AND newer + n > :offset
ORDER BY block DESC LIMIT 1

-- name: add_to_list
-- Change a list's count in one block; :n may be negative.
INSERT INTO list_count (list, block, n) VALUES (:list, :block, :n)
ON CONFLICT (list, block) DO UPDATE SET n = list_count.n + excluded.n
