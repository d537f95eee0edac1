import { Group, Pagination, Paper, Skeleton, Table, Text, VisuallyHidden } from "@mantine/core";
import { type ReactNode, type RefObject, useEffect, useRef } from "react";
import { useWords } from "~/words/useWords";
import classes from "./DataTable.module.css";
import { EmptyState } from "./EmptyState";
import { ErrorNote } from "./ErrorNote";

export interface Column<Row> {
  key: string;
  title: string;
  cell: (row: Row) => ReactNode;
  /** Numbers stand at the right. */
  isNumber?: boolean;
  /** Buttons: the title is for a screen reader alone. */
  isAction?: boolean;
  /** Left out where there is little room; cards show it all the same. */
  isWide?: boolean;
}

interface DataTableProps<Row> {
  /** What the rows are, for a screen reader. */
  label: string;
  columns: Column<Row>[];
  rows: Row[] | undefined;
  rowKey: (row: Row) => string;
  /** Of the query; shown instead of the rows. */
  error?: unknown;
  onRetry?: () => void;
  isLoading?: boolean;
  /** Rows are those of before while the next are read. */
  isStale?: boolean;
  empty?: ReactNode;
  /** Server paging: the page shown, from 1. */
  page?: number;
  pageCount?: number;
  total?: number;
  onPage?: (page: number) => void;
}

const SKELETON_ROWS = 6;

/** Rows of one page. The first column names its row; on a phone each row is a card. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, columns, rows, rowKey, error, onRetry, isLoading, isStale, empty, page = 1, onPage } = props;
  const { t } = useWords();
  const frame = useRef<HTMLDivElement>(null);
  const isBeyond = rows?.length === 0 && page > 1 && onPage !== undefined && !isLoading && !isStale;
  useEffect(() => {
    if (isBeyond) onPage?.(Math.max(1, Math.min(page - 1, props.pageCount ?? 1)));
  });
  if (isBeyond) return null; // the rows of this page are gone: there are others
  if (error && rows === undefined) return <ErrorNote error={error} onRetry={onRetry} />;
  if (rows?.length === 0 && !isLoading) return empty ?? <EmptyState title={t("common.nothing")} />;
  return (
    <>
      <Paper
        ref={frame}
        withBorder
        className={classes.frame}
        bg="var(--surface)"
        aria-busy={isLoading || isStale || undefined}
      >
        <Table highlightOnHover verticalSpacing="xs" horizontalSpacing="md" className={classes.table} stickyHeader>
          <caption className={classes.caption}>
            <VisuallyHidden>{label}</VisuallyHidden>
          </caption>
          <Table.Thead className={classes.head}>
            <Table.Tr>
              {columns.map((column) => (
                <Table.Th
                  key={column.key}
                  scope="col"
                  data-number={column.isNumber || column.isAction || undefined}
                  data-wide={column.isWide || undefined}
                >
                  {column.isAction ? <VisuallyHidden>{column.title}</VisuallyHidden> : column.title}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody data-stale={isStale || undefined}>
            {rows === undefined ? (
              <SkeletonRows width={columns.length} />
            ) : (
              rows.map((row) => (
                <Table.Tr key={rowKey(row)}>
                  {columns.map((column) => (
                    <Table.Td
                      key={column.key}
                      data-label={column.isAction ? "" : column.title}
                      data-number={column.isNumber || column.isAction || undefined}
                      data-wide={column.isWide || undefined}
                    >
                      {column.cell(row)}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))
            )}
          </Table.Tbody>
        </Table>
      </Paper>
      <Pages {...props} frame={frame} />
    </>
  );
}

function SkeletonRows({ width }: { width: number }) {
  return Array.from({ length: SKELETON_ROWS }, (_, row) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: rows of nothing are alike
    <Table.Tr key={row}>
      {Array.from({ length: width }, (_, column) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: cells of nothing are alike
        <Table.Td key={column}>
          <Skeleton h={14} w={column === 0 ? "70%" : "45%"} />
        </Table.Td>
      ))}
    </Table.Tr>
  ));
}

type PagesProps<Row> = DataTableProps<Row> & { frame: RefObject<HTMLDivElement | null> };

function Pages<Row>({ page = 1, pageCount = 1, total, onPage, frame }: PagesProps<Row>) {
  const { t } = useWords();
  const turn = (to: number) => {
    onPage?.(to);
    // The rows begin further up than a phone shows.
    if (frame.current && frame.current.getBoundingClientRect().top < 0) frame.current.scrollIntoView();
  };
  if (total === undefined && pageCount <= 1) return null;
  return (
    <Group justify="space-between" mt="sm" gap="xs">
      <Text size="sm" c="dimmed" role="status">
        {total !== undefined && t("common.rows", { count: total })}
        {pageCount > 1 && ` · ${t("common.page", { page, pages: pageCount })}`}
      </Text>
      {pageCount > 1 && onPage && (
        <nav aria-label={t("common.pages")}>
          <Pagination
            size="sm"
            value={page}
            total={pageCount}
            onChange={turn}
            getControlProps={(control) => ({
              "aria-label": t(control === "previous" ? "common.previousPage" : "common.nextPage"),
            })}
          />
        </nav>
      )}
    </Group>
  );
}
