import { Button, Stack } from "@mantine/core";
import { IconUserPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useLiveCall, useMay, useSession } from "~/api/hooks";
import { DataTable } from "~/parts/DataTable";
import { NotAllowed } from "~/parts/NotAllowed";
import { PageHeader } from "~/parts/PageHeader";
import { useQueryState } from "~/parts/useQueryState";
import { useWords } from "~/words/useWords";
import { InviteDialog } from "./InviteDialog";
import { type Link, LinkOnce } from "./LinkOnce";
import { SignedIn } from "./SignedIn";
import { type Ask, UserQuestions } from "./UserQuestions";
import { userColumns } from "./userColumns";

const ROWS = 25;

export default function UsersPage() {
  const { t } = useWords();
  const may = useMay();
  const [isInviting, setInviting] = useState(false);
  return (
    <>
      <PageHeader
        title={t("users.title")}
        howTo="manage-console-users"
        actions={
          may("XInviteConsoleUser") && (
            <Button leftSection={<IconUserPlus size={17} aria-hidden />} onClick={() => setInviting(true)}>
              {t("users.invite")}
            </Button>
          )
        }
      >
        {t("users.intro")}
      </PageHeader>
      {may("XListConsoleUsers") ? (
        <Users isInviting={isInviting} onInvited={() => setInviting(false)} />
      ) : (
        <NotAllowed />
      )}
    </>
  );
}

function Users({ isInviting, onInvited }: { isInviting: boolean; onInvited: () => void }) {
  const { t } = useWords();
  const may = useMay();
  const { data: session } = useSession();
  const query = useQueryState();
  const [link, setLink] = useState<Link | null>(null);
  const [ask, setAsk] = useState<Ask | null>(null);
  const list = useLiveCall("XListConsoleUsers", { CurrentPage: query.page, PageSize: ROWS }, { keepPrevious: true });
  return (
    <Stack gap="xl">
      <div>
        <DataTable
          label={t("users.title")}
          columns={userColumns(t, { mayChange: may("XUpdateConsoleUser"), self: session?.user.name, onAsk: setAsk })}
          rows={list.data?.data.consoleUser}
          rowKey={(row) => row.name}
          error={list.error}
          onRetry={() => void list.refetch()}
          isStale={list.isPlaceholderData}
          page={query.page}
          pageCount={list.data?.pageCount}
          total={list.data?.total}
          onPage={query.setPage}
        />
      </div>
      <SignedIn user={query.get("user")} onClear={query.clear} />
      <InviteDialog opened={isInviting} onClose={onInvited} onMade={setLink} />
      <UserQuestions ask={ask} onClose={() => setAsk(null)} onInvited={setLink} />
      <LinkOnce link={link} onClose={() => setLink(null)} />
    </Stack>
  );
}
