import { Button, Drawer, Group, Radio, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useChange } from "~/api/hooks";
import { ErrorNote } from "~/parts/ErrorNote";
import { showDone } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import { type Draft, draftOf, draftsFault, draftsOf, type Key, type Preset, presetDrafts, sentOf } from "./rights";
import type { NewSecret } from "./SecretOnce";
import { StatementEditor } from "./StatementEditor";

const PRESETS: Preset[] = ["release", "read", "everything", "own"];
const NAME_LENGTH_MAX = 64;
const STATEMENTS_MAX = 20;

interface KeyEditorProps {
  edited: Key | "new" | null;
  onClose: () => void;
  onMade: (secret: NewSecret) => void;
}

/** A key's name and policy: of a new one, or of one that is there. */
export function KeyEditor({ edited, onClose, onMade }: KeyEditorProps) {
  const { t } = useWords();
  return (
    <Drawer
      opened={edited !== null}
      onClose={onClose}
      position="right"
      size="xl"
      title={t(edited === "new" ? "keys.create" : "keys.edit")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {edited === "new" && <EditorForm start={null} onClose={onClose} onMade={onMade} />}
      {edited !== null && edited !== "new" && (
        <EditorForm key={edited.accessKeyId} start={edited} onClose={onClose} onMade={onMade} />
      )}
    </Drawer>
  );
}

interface EditorFormProps extends Pick<KeyEditorProps, "onClose" | "onMade"> {
  start: Key | null;
}

function EditorForm({ start, onClose, onMade }: EditorFormProps) {
  const { t } = useWords();
  const [name, setName] = useState(start?.name ?? "");
  const [preset, setPreset] = useState<Preset>(start === null ? "release" : "own");
  const [drafts, setDrafts] = useState<Draft[]>(() =>
    start === null ? presetDrafts("release") : draftsOf(start.statements.statement),
  );
  const [isTried, setIsTried] = useState(false);
  const create = useChange("XCreateAccessKey", {
    isQuiet: true,
    isRepeatable: true,
    onDone: ({ data }) => {
      onClose();
      onMade({ id: data.accessKeyId, secret: data.accessKeySecret, name: data.name });
    },
  });
  const update = useChange("XUpdateAccessKey", {
    isQuiet: true,
    onDone: () => {
      onClose();
      showDone(t("keys.saved"));
    },
  });
  const fault = draftsFault(drafts);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setIsTried(true);
    if (fault !== null) return;
    const named = name.trim() === "" ? {} : { Name: name.trim() };
    if (start === null) create.mutate({ ...named, Statement: sentOf(drafts) });
    else update.mutate({ UserAccessKeyId: start.accessKeyId, ...named, Statement: sentOf(drafts) });
  };
  const choose = (chosen: Preset) => {
    setPreset(chosen);
    setDrafts(presetDrafts(chosen));
  };
  const put = (changed: Draft) => setDrafts(drafts.map((draft) => (draft.id === changed.id ? changed : draft)));
  const error = create.error ?? update.error;
  return (
    <form onSubmit={submit}>
      <Stack gap="lg">
        <TextInput
          label={t("keys.name")}
          description={t("keys.nameHint")}
          value={name}
          maxLength={NAME_LENGTH_MAX}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
        {start === null && (
          <Radio.Group
            label={t("keys.preset")}
            value={preset}
            onChange={(value) => choose(PRESETS.find((one) => one === value) ?? "own")}
          >
            <Stack gap="xs" mt={6}>
              {PRESETS.map((one) => (
                <Radio
                  key={one}
                  value={one}
                  label={t(`keys.preset.${one}`)}
                  description={t(`keys.presetHint.${one}`)}
                />
              ))}
            </Stack>
          </Radio.Group>
        )}
        <Stack gap="sm">
          <Text size="sm" c="dimmed">
            {t("keys.statementsHint")}
          </Text>
          {drafts.map((draft, index) => (
            <StatementEditor
              key={draft.id}
              draft={draft}
              number={index + 1}
              fault={isTried && draft.actions.length === 0 ? t("keys.noActions") : undefined}
              onChange={put}
              onRemove={drafts.length > 1 ? () => setDrafts(drafts.filter(({ id }) => id !== draft.id)) : undefined}
            />
          ))}
          {drafts.length < STATEMENTS_MAX && (
            <Group>
              <Button
                variant="subtle"
                size="xs"
                leftSection={<IconPlus size={15} aria-hidden />}
                onClick={() => setDrafts([...drafts, draftOf()])}
              >
                {t("keys.addStatement")}
              </Button>
            </Group>
          )}
        </Stack>
        {isTried && fault !== null && (
          <Text size="sm" c="var(--mantine-color-clay-light-color)" role="alert">
            {t(fault)}
          </Text>
        )}
        {error && <ErrorNote error={error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button type="submit" loading={create.isPending || update.isPending}>
            {t(start === null ? "keys.create" : "common.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
