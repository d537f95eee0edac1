import { Alert, Button, Group, Modal, SegmentedControl, Select, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { Link } from "react-router";
import { Snippets } from "~/pages/products/connect/Snippets";
import { Snippet } from "~/parts/Snippet";
import { useWords } from "~/words/useWords";
import { useProductChoices } from "../parts/choices";
import { namesIn, storyOf } from "../parts/names";
import { type Credentials, useRegistering } from "./useRegistering";

interface RegisterDialogProps {
  productKey: string;
  onClose: () => void;
}

/** Registers one device, or several by their names, and shows what they prove themselves with. */
export function RegisterDialog({ productKey, onClose }: RegisterDialogProps) {
  const { t } = useWords();
  const register = useRegistering();
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={t("devices.register")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {register.data === undefined ? (
        <Asking productKey={productKey} register={register} onClose={onClose} />
      ) : (
        <Registered devices={register.data} onClose={onClose} />
      )}
    </Modal>
  );
}

function Asking(props: RegisterDialogProps & { register: ReturnType<typeof useRegistering> }) {
  const { t } = useWords();
  const products = useProductChoices();
  const [product, setProduct] = useState(props.productKey);
  const [kind, setKind] = useState("one");
  const [name, setName] = useState("");
  const [nickname, setNickname] = useState("");
  const [pasted, setPasted] = useState("");
  const names = namesIn(pasted);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    props.register.mutate({ productKey: product, names: kind === "one" ? [name.trim()] : names, nickname });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Select
          label={t("devices.product")}
          data={products}
          value={product || null}
          onChange={(value) => setProduct(value ?? "")}
          nothingFoundMessage={t("common.nothing")}
          searchable
          required
          openOnFocus={false}
          data-autofocus={product === "" || undefined}
        />
        <SegmentedControl
          aria-label={t("devices.howMany")}
          data={[
            { value: "one", label: t("devices.one1") },
            { value: "several", label: t("devices.several") },
          ]}
          value={kind}
          onChange={setKind}
        />
        {kind === "one" ? (
          <>
            <TextInput
              label={t("devices.name")}
              description={t("devices.nameHint")}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              maxLength={32}
              data-autofocus={product !== "" || undefined}
            />
            <TextInput
              label={t("devices.nickname")}
              description={t("devices.nicknameHint")}
              value={nickname}
              onChange={(event) => setNickname(event.currentTarget.value)}
            />
          </>
        ) : (
          <Textarea
            label={t("devices.names")}
            description={t("devices.namesHint")}
            placeholder={"lamp-0001\nlamp-0002"}
            value={pasted}
            onChange={(event) => setPasted(event.currentTarget.value)}
            rows={6}
            spellCheck={false}
          />
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={props.onClose}>
            {t("common.cancel")}
          </Button>
          <Button
            type="submit"
            loading={props.register.isPending}
            disabled={product === "" || (kind === "several" && names.length === 0)}
          >
            {t("devices.registerCount", { count: kind === "one" ? 1 : names.length })}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Registered({ devices, onClose }: { devices: Credentials[]; onClose: () => void }) {
  const { t } = useWords();
  const [first] = devices;
  const [token, setToken] = useState("");
  const lines =
    devices.length === 1 && first !== undefined
      ? [`PRODUCT_KEY=${first.productKey}`, `DEVICE_NAME=${first.deviceName}`, `DEVICE_SECRET=${first.deviceSecret}`]
      : [
          "ProductKey,DeviceName,DeviceSecret",
          ...devices.map((one) => `${one.productKey},${one.deviceName},${one.deviceSecret}`),
        ];
  return (
    <Stack gap="md">
      <Alert color="marsh" icon={<IconKey aria-hidden />} title={t("devices.registered", { count: devices.length })}>
        <Text size="sm">{t("devices.registeredHint")}</Text>
      </Alert>
      <Snippet code={lines.join("\n")} label={t("devices.credentials")} />
      {devices.length === 1 && first !== undefined && (
        <Snippets device={{ ...first, deviceToken: token }} onToken={setToken} />
      )}
      <Group justify="flex-end" gap="xs">
        {devices.length === 1 && first !== undefined && (
          <Button variant="default" component={Link} to={storyOf(first)}>
            {t("devices.toStory")}
          </Button>
        )}
        <Button onClick={onClose}>{t("devices.done")}</Button>
      </Group>
    </Stack>
  );
}
