import { Button, Grid, Group, List, Paper, Stack, Text, Title } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useChange, useMay, useSession } from "~/api/hooks";
import { EmptyState } from "~/parts/EmptyState";
import { ErrorNote } from "~/parts/ErrorNote";
import { FileDrop } from "~/parts/FileDrop";
import { PageHeader } from "~/parts/PageHeader";
import { Section } from "~/parts/Section";
import { useQueryState } from "~/parts/useQueryState";
import { useWords } from "~/words/useWords";
import { CreatedCard } from "./upload/CreatedCard";
import { DraftForm } from "./upload/DraftForm";
import { creation, type Draft, EMPTY, isComplete, suggested } from "./upload/draft";
import { LeaveGuard } from "./upload/LeaveGuard";
import { UploadRow } from "./upload/UploadRow";
import { type Upload, useUploads } from "./upload/useUploads";

const FILES_MAX = 20; // in one firmware (api-contract 14)
const OTHER_BYTES = "iot.ota.FirmwareSignMismatch";

export default function NewFirmwarePage() {
  const { t } = useWords();
  const may = useMay();
  const { data: session } = useSession();
  const isAllowed = may("GenerateOTAUploadURL") && may("CreateOTAFirmware");
  return (
    <>
      <PageHeader
        title={t("firmware.new")}
        crumbs={[{ title: t("firmware.title"), to: "/firmware" }]}
        howTo="console-upload"
      >
        {t("firmware.newIntro")}
      </PageHeader>
      {isAllowed || !session ? (
        <NewFirmware />
      ) : (
        <EmptyState title={t("firmware.mayNot")}>{t("firmware.mayNotHint", { role: session.user.role })}</EmptyState>
      )}
    </>
  );
}

function NewFirmware() {
  const { t } = useWords();
  const query = useQueryState();
  const fresh: Draft = { ...EMPTY, productKey: query.get("product"), moduleName: query.get("module") || "default" };
  const [draft, setDraft] = useState(fresh);
  const [created, setCreated] = useState<{ firmwareId: string; draft: Draft; uploads: Upload[] } | null>(null);
  const { uploads, add, remove, retry, clear } = useUploads();
  const create = useChange("CreateOTAFirmware", {
    isQuiet: true,
    isRepeatable: true,
    onDone: ({ data }) => setCreated({ firmwareId: data.firmwareId, draft, uploads }),
  });
  if (created) {
    const again = () => {
      clear();
      setCreated(null);
      setDraft({ ...fresh, productKey: draft.productKey });
    };
    return <CreatedCard created={created} onAgain={again} />;
  }
  const onFiles = (files: File[]) => {
    const taken = files.slice(0, FILES_MAX - uploads.length);
    add(taken);
    if (taken[0] && uploads.length === 0) setDraft(suggested(draft, taken[0].name));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isComplete(draft, uploads)) create.mutate(creation(draft, uploads));
  };
  const sendAgain = () => {
    create.reset();
    for (const { id, file } of uploads) retry(id, file);
  };
  const left = uploads.filter(({ state }) => state !== "stored").length;
  return (
    <form onSubmit={submit}>
      <LeaveGuard isOn={uploads.length > 0} />
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Stack gap="sm">
            <FileDrop
              onFiles={onFiles}
              isMultiple
              hint={t("firmware.dropHint")}
              disabled={uploads.length >= FILES_MAX}
            />
            {uploads.length === 0 && <WhatHappens />}
            <Stack component="ul" gap="sm" m={0} p={0} style={{ listStyle: "none" }} aria-label={t("firmware.files")}>
              {uploads.map((upload) => (
                <UploadRow
                  key={upload.id}
                  upload={upload}
                  onRemove={() => remove(upload.id)}
                  onRetry={() => retry(upload.id, upload.file)}
                />
              ))}
            </Stack>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Paper withBorder p="lg" bg="var(--surface)" component="section" aria-labelledby="what-it-is">
            <Title order={2} size="h4" mb="md" id="what-it-is">
              {t("firmware.whatItIs")}
            </Title>
            <DraftForm draft={draft} onChange={(change) => setDraft({ ...draft, ...change })} />
            {create.error && (
              <Stack mt="md" gap="xs" align="flex-start">
                <ErrorNote error={create.error} />
                {create.error.code === OTHER_BYTES && (
                  <>
                    <Text size="sm">{t("firmware.corrupted")}</Text>
                    <Button variant="default" size="xs" onClick={sendAgain}>
                      {t("firmware.sendAgain")}
                    </Button>
                  </>
                )}
              </Stack>
            )}
            <Group justify="space-between" mt="lg">
              <Text size="sm" c="dimmed" role="status">
                {uploads.length === 0
                  ? t("firmware.noFileYet")
                  : left > 0
                    ? t("firmware.filesLeft", { count: left })
                    : ""}
              </Text>
              <Button type="submit" loading={create.isPending} disabled={!isComplete(draft, uploads)}>
                {t("firmware.create")}
              </Button>
            </Group>
          </Paper>
        </Grid.Col>
      </Grid>
    </form>
  );
}

function WhatHappens() {
  const { t } = useWords();
  return (
    <Section title={t("firmware.steps")}>
      <List type="ordered" size="sm" spacing="xs" c="dimmed">
        <List.Item>{t("firmware.step1")}</List.Item>
        <List.Item>{t("firmware.step2")}</List.Item>
        <List.Item>{t("firmware.step3")}</List.Item>
      </List>
    </Section>
  );
}
