"""What paged operations share: the limit of page numbers (api-contract 1.5)."""

from __future__ import annotations

PAGE_NUMBER_MAX = 1_000_000_000  # ours: with 200 rows a page, far beyond any list, and far below 2^63 rows
