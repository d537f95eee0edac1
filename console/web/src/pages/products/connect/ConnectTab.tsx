import { Alert, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconCheck, IconHourglass } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { Link } from "react-router";
import { call, callForSecrets } from "~/api/client";
import { asCallError } from "~/api/errors";
import { useChange, useLiveCall, useMay, useSession } from "~/api/hooks";
import { FactList } from "~/parts/FactList";
import { HiddenSecret } from "~/parts/HiddenSecret";
import { Section } from "~/parts/Section";
import { showError } from "~/parts/toasts";
import { useWords } from "~/words/useWords";
import { Secret } from "./Secret";
import { Snippets } from "./Snippets";
import type { Device } from "./snippets";

/** From nothing to a device that is here: registered, told how to connect, and seen when it does. */
export function ConnectTab({ productKey }: { productKey: string }) {
  const { t } = useWords();
  const [device, setDevice] = useState<Device | null>(null);
  return (
    <Stack gap="lg">
      <Section title={t("products.stepRegister")} hint={t("products.stepRegisterHint")}>
        <Register productKey={productKey} onDevice={setDevice} />
        {device && <Credentials device={device} onDevice={setDevice} />}
      </Section>
      <Section title={t("products.stepRun")} hint={t("products.stepRunHint")}>
        <Addresses />
        <Snippets
          device={{
            productKey,
            deviceName: device?.deviceName ?? "DEVICE_NAME",
            deviceSecret: device?.deviceSecret || "DEVICE_SECRET",
            deviceToken: device?.deviceToken ?? "",
          }}
          onToken={device === null ? null : (deviceToken) => setDevice({ ...device, deviceToken })}
        />
      </Section>
      {device && <Arrival device={device} />}
    </Stack>
  );
}

function Register({ productKey, onDevice }: { productKey: string; onDevice: (device: Device) => void }) {
  const { t } = useWords();
  const may = useMay();
  const [name, setName] = useState("device-0001");
  const [isReading, setIsReading] = useState(false);
  const register = useChange("RegisterDevice", { onDone: ({ data }) => onDevice({ ...data, deviceToken: "" }) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    register.mutate({ ProductKey: productKey, DeviceName: name.trim() });
  };
  const take = async () => {
    setIsReading(true);
    try {
      const { data } = await call("QueryDeviceDetail", { ProductKey: productKey, DeviceName: name.trim() });
      onDevice({ ...data, deviceToken: "" });
    } catch (error) {
      showError(asCallError(error));
    }
    setIsReading(false);
  };
  return (
    <form onSubmit={submit}>
      <Group align="flex-end" gap="sm">
        <TextInput
          label={t("products.deviceName")}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          spellCheck={false}
          autoCapitalize="none"
          required
        />
        {may("RegisterDevice") && (
          <Button type="submit" loading={register.isPending}>
            {t("products.register")}
          </Button>
        )}
        <Button variant="default" loading={isReading} onClick={() => void take()}>
          {t("products.existing")}
        </Button>
      </Group>
    </form>
  );
}

/** Of a device that was just registered all of it; the secret of another when somebody asks to see it. */
function Credentials({ device, onDevice }: { device: Device; onDevice: (device: Device) => void }) {
  const { t } = useWords();
  const { productKey, deviceName } = device;
  const read = async () =>
    (await callForSecrets("QueryDeviceDetail", { ProductKey: productKey, DeviceName: deviceName })).data.deviceSecret;
  return (
    <Stack mt="md" gap={4}>
      <FactList
        label={t("products.credentials")}
        facts={[
          ["ProductKey", <Secret key="product" value={device.productKey} of="ProductKey" />],
          ["DeviceName", <Secret key="name" value={device.deviceName} of="DeviceName" />],
          [
            "DeviceSecret",
            device.deviceSecret ? (
              <Secret key="secret" value={device.deviceSecret} of="DeviceSecret" />
            ) : (
              <HiddenSecret
                key={deviceName}
                of="DeviceSecret"
                read={read}
                onShown={(deviceSecret) => onDevice({ ...device, deviceSecret })}
              />
            ),
          ],
        ]}
      />
    </Stack>
  );
}

/** Devices use the address that the server was given; a browser may have come another way. */
function Addresses() {
  const { t } = useWords();
  const { data: session } = useSession();
  const url = session?.server.publicUrl ?? "";
  if (url === "") return null;
  const { hostname, host } = new URL(url);
  const isHere = host === window.location.host;
  const isLoopback = /^(localhost|127\.|\[::1\])/.test(hostname);
  if (isHere && !isLoopback) return null;
  return (
    <Alert color="sand" mb="md">
      <Text size="sm">{t(isLoopback ? "products.loopback" : "products.otherAddress", { url })}</Text>
    </Alert>
  );
}

/** Live: it is here, or still awaited. */
function Arrival({ device }: { device: Device }) {
  const { t } = useWords();
  const { productKey, deviceName } = device;
  const { data } = useLiveCall("QueryDeviceDetail", { ProductKey: productKey, DeviceName: deviceName });
  const { status = "", firmwareVersion = "" } = data?.data ?? {};
  const isHere = status === "ONLINE" || firmwareVersion !== "";
  return (
    <Alert
      color={isHere ? "marsh" : "sand"}
      icon={isHere ? <IconCheck aria-hidden /> : <IconHourglass aria-hidden />}
      title={t(isHere ? "products.arrived" : "products.awaited", { name: deviceName })}
      role="status"
    >
      <Group gap="sm">
        <Text size="sm">
          {isHere ? t("products.runs", { version: firmwareVersion || t("common.unknown") }) : t("products.awaitedHint")}
        </Text>
        {isHere && (
          <>
            <Button component={Link} size="xs" to={`/devices/${productKey}/${encodeURIComponent(deviceName)}`}>
              {t("products.toDevice")}
            </Button>
            <Button component={Link} size="xs" variant="default" to={`/firmware/new?product=${productKey}`}>
              {t("products.toUpload")}
            </Button>
          </>
        )}
      </Group>
    </Alert>
  );
}
