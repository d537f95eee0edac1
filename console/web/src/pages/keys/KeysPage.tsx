import { Button } from "@mantine/core";
import { IconKey, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useCall, useMay } from "~/api/hooks";
import { DataTable } from "~/parts/DataTable";
import { EmptyState } from "~/parts/EmptyState";
import { NotAllowed } from "~/parts/NotAllowed";
import { PageHeader } from "~/parts/PageHeader";
import { useQueryState } from "~/parts/useQueryState";
import { useWords } from "~/words/useWords";
import { KeyEditor } from "./KeyEditor";
import { type Ask, KeyQuestions } from "./KeyQuestions";
import { keyColumns } from "./keyColumns";
import type { Key } from "./rights";
import { type NewSecret, SecretOnce } from "./SecretOnce";

const ROWS = 25;

export default function KeysPage() {
  const { t } = useWords();
  const may = useMay();
  const [edited, setEdited] = useState<Key | "new" | null>(null);
  return (
    <>
      <PageHeader
        title={t("keys.title")}
        howTo="console-keys"
        actions={
          may("XCreateAccessKey") && (
            <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={() => setEdited("new")}>
              {t("keys.create")}
            </Button>
          )
        }
      >
        {t("keys.intro")}
      </PageHeader>
      {may("XListAccessKeys") ? <Keys edited={edited} onEdit={setEdited} /> : <NotAllowed />}
    </>
  );
}

function Keys({ edited, onEdit }: { edited: Key | "new" | null; onEdit: (key: Key | "new" | null) => void }) {
  const { t } = useWords();
  const may = useMay();
  const { page, setPage } = useQueryState();
  const [secret, setSecret] = useState<NewSecret | null>(null);
  const [ask, setAsk] = useState<Ask | null>(null);
  const list = useCall("XListAccessKeys", { CurrentPage: page, PageSize: ROWS }, { keepPrevious: true });
  return (
    <>
      <DataTable
        label={t("keys.title")}
        columns={keyColumns(t, may("XUpdateAccessKey"), { onEdit, onAsk: setAsk })}
        rows={list.data?.data.accessKey}
        rowKey={(row) => row.accessKeyId}
        error={list.error}
        onRetry={() => void list.refetch()}
        isStale={list.isPlaceholderData}
        empty={
          <EmptyState title={t("common.nothing")} icon={<IconKey size={32} stroke={1.5} aria-hidden />}>
            {t("keys.intro")}
          </EmptyState>
        }
        page={page}
        pageCount={list.data?.pageCount}
        total={list.data?.total}
        onPage={setPage}
      />
      <KeyEditor edited={edited} onClose={() => onEdit(null)} onMade={setSecret} />
      <KeyQuestions ask={ask} onClose={() => setAsk(null)} onRotated={setSecret} />
      <SecretOnce secret={secret} onClose={() => setSecret(null)} />
    </>
  );
}
