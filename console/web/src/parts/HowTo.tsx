import { Anchor, Button, Code, Drawer, List, Loader, Stack, Table, Text, Title } from "@mantine/core";
import { IconBook2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useWords } from "~/words/useWords";
import { ErrorNote } from "./ErrorNote";
import { type Block, blocksOf, spansOf } from "./markdown";
import { checkedUrl } from "./SafeLink";
import { Snippet } from "./Snippet";

// The server's own docs of the same version, one file a chunk: help is there without a network. Those that a page of the
// console is about, for all that is built counts against the console's weight.
const PAGES = import.meta.glob<string>(
  [
    "../../../../docs/how-to/console-connect-a-device.md",
    "../../../../docs/how-to/console-firmware.md",
    "../../../../docs/how-to/console-products.md",
    "../../../../docs/how-to/console-upload.md",
    "../../../../docs/how-to/connect-hawkbit-devices.md",
    "../../../../docs/how-to/console-audit.md",
    "../../../../docs/how-to/console-keys.md",
    "../../../../docs/how-to/console-overview.md",
    "../../../../docs/how-to/console-settings.md",
    "../../../../docs/how-to/find-out-why-a-device-does-not-update.md",
    "../../../../docs/how-to/give-a-key-its-rights.md",
    "../../../../docs/how-to/manage-console-users.md",
    "../../../../docs/how-to/read-and-verify-the-audit-trail.md",
    "../../../../docs/how-to/register-devices-dynamically.md",
    "../../../../docs/how-to/roll-out-carefully.md",
  ],
  { query: "?raw", import: "default" },
);

function loaderOf(page: string) {
  return PAGES[`../../../../docs/how-to/${page}.md`];
}

/** Opens a page of docs/how-to beside what it is about. */
export function HowTo({ page }: { page: string }) {
  const { t } = useWords();
  const [shown, setShown] = useState<string | null>(null);
  return (
    <>
      <Button variant="subtle" px="xs" leftSection={<IconBook2 size={17} aria-hidden />} onClick={() => setShown(page)}>
        {t("common.howTo")}
      </Button>
      <Drawer
        opened={shown !== null}
        onClose={() => setShown(null)}
        position="right"
        size="lg"
        title={t("common.howTo")}
        closeButtonProps={{ "aria-label": t("common.close") }}
      >
        {shown !== null && <Page page={shown} onGo={setShown} />}
      </Drawer>
    </>
  );
}

function Page({ page, onGo }: { page: string; onGo: (page: string) => void }) {
  const { t } = useWords();
  const text = useQuery({
    queryKey: ["how-to", page],
    queryFn: async () => blocksOf((await loaderOf(page)?.()) ?? ""),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (text.error) return <ErrorNote error={text.error} />;
  if (!text.data) return <Loader aria-label={t("common.loading")} />;
  return (
    <Stack gap="sm" lang="en">
      {text.data.map((block, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the blocks of a page never move
        <BlockView key={index} block={block} onGo={onGo} />
      ))}
    </Stack>
  );
}

type Go = (page: string) => void;

function BlockView({ block, onGo }: { block: Block; onGo: Go }) {
  if (block.kind === "code") return <Snippet code={block.text} />;
  if (block.kind === "heading") {
    return (
      <Title order={block.level <= 1 ? 2 : 3} size={block.level <= 1 ? "h3" : "h5"} mt={block.level > 1 ? "sm" : 0}>
        <Spans text={block.text} onGo={onGo} />
      </Title>
    );
  }
  if (block.kind === "list") {
    return (
      <List type={block.isNumbered ? "ordered" : "unordered"} size="sm" spacing={4}>
        {block.items.map((item) => (
          <List.Item key={item}>
            <Spans text={item} onGo={onGo} />
          </List.Item>
        ))}
      </List>
    );
  }
  if (block.kind === "table") return <TableView head={block.head} rows={block.rows} onGo={onGo} />;
  return (
    <Text size="sm">
      <Spans text={block.text} onGo={onGo} />
    </Text>
  );
}

function TableView({ head, rows, onGo }: { head: string[]; rows: string[][]; onGo: Go }) {
  return (
    <Table.ScrollContainer minWidth={0}>
      <Table fz="sm" verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            {head.map((cell) => (
              <Table.Th key={cell} scope="col">
                <Spans text={cell} onGo={onGo} />
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.join("|")}>
              {row.map((cell, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: cells are known by their column
                <Table.Td key={index}>
                  <Spans text={cell} onGo={onGo} />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Spans({ text, onGo }: { text: string; onGo: Go }) {
  return spansOf(text).map((span, index) => {
    const key = `${index}${span.text}`;
    if (span.kind === "code") return <Code key={key}>{span.text}</Code>;
    if (span.kind === "bold") return <b key={key}>{span.text}</b>;
    if (span.kind === "stressed") return <em key={key}>{span.text}</em>;
    if (span.kind !== "link") return span.text;
    // To another how-to page: here. To the rest of the docs, which the server does not have: its words alone.
    const page = /^([\w-]+)\.md(#.*)?$/.exec(span.to)?.[1];
    if (page !== undefined && loaderOf(page)) {
      return (
        <Anchor key={key} component="button" type="button" inherit onClick={() => onGo(page)}>
          {span.text}
        </Anchor>
      );
    }
    const href = checkedUrl(span.to);
    if (href === null) return <span key={key}>{span.text}</span>;
    return (
      <Anchor key={key} href={href} target="_blank" rel="noreferrer noopener" inherit>
        {span.text}
      </Anchor>
    );
  });
}
