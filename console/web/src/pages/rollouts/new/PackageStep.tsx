import { Anchor, Badge, Button, Group, Radio, Select, Skeleton, Stack, Text } from "@mantine/core";
import { IconPackage } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import { useCall, useLiveCall, useMay } from "~/api/hooks";
import type { Answer } from "~/api/types";
import { EmptyState } from "~/parts/EmptyState";
import { ErrorNote } from "~/parts/ErrorNote";
import { StatusBadge } from "~/parts/StatusBadge";
import { useWords } from "~/words/useWords";
import { VerifyDialog } from "../VerifyDialog";
import wizard from "./wizard.module.css";

type Listed = Answer<"ListOTAFirmware">["firmwareInfo"]["simpleFirmwareInfo"][number];

const PRODUCTS_MAX = 200;
const FIRMWARE_MAX = 100;
const UNVERIFIED = 0;
const VERIFYING = 2;
const VERIFY_FAILED = 3;

/** Whether firmware may go out; the server refuses it all the same. */
export function isReleasable(status: number): boolean {
  return status !== UNVERIFIED && status !== VERIFYING && status !== VERIFY_FAILED;
}

interface PackageStepProps {
  productKey: string;
  firmwareId: string;
  onProduct: (productKey: string) => void;
  onFirmware: (firmwareId: string) => void;
}

/** Which firmware: of one product, verified. */
export function PackageStep({ productKey, firmwareId, onProduct, onFirmware }: PackageStepProps) {
  const { t } = useWords();
  const products = useCall("QueryProductList", { CurrentPage: 1, PageSize: PRODUCTS_MAX });
  const rows = products.data?.data.list.productInfo;
  const only = rows?.length === 1 ? rows[0]?.productKey : undefined;
  const shown = productKey || only || "";
  if (products.error) return <ErrorNote error={products.error} onRetry={() => void products.refetch()} />;
  return (
    <Stack gap="md">
      <Select
        label={t("wizard.product")}
        description={t("wizard.productHint")}
        placeholder={t("wizard.chooseProduct")}
        data={rows?.map((one) => ({ value: one.productKey, label: one.productName })) ?? []}
        value={shown || null}
        onChange={(value) => value && onProduct(value)}
        allowDeselect={false}
        searchable
        maw={420}
      />
      {shown !== "" && <FirmwareChoice productKey={shown} firmwareId={firmwareId} onFirmware={onFirmware} />}
    </Stack>
  );
}

function FirmwareChoice({ productKey, firmwareId, onFirmware }: Omit<PackageStepProps, "onProduct">) {
  const { t } = useWords();
  const may = useMay();
  const [verified, setVerified] = useState<Listed | null>(null);
  const list = useLiveCall("ListOTAFirmware", { CurrentPage: 1, PageSize: FIRMWARE_MAX, ProductKey: productKey });
  const rows = list.data?.firmwareInfo.simpleFirmwareInfo;
  if (list.error && !rows) return <ErrorNote error={list.error} onRetry={() => void list.refetch()} />;
  if (rows === undefined) return <Skeleton h={160} aria-busy />;
  if (rows.length === 0) {
    const add = (
      <Button component={Link} to="/firmware/new">
        {t("firmware.new")}
      </Button>
    );
    return (
      <EmptyState
        title={t("wizard.noFirmware")}
        icon={<IconPackage size={32} aria-hidden />}
        action={may("CreateOTAFirmware") && add}
      >
        {t("wizard.noFirmwareHint")}
      </EmptyState>
    );
  }
  return (
    <>
      <Radio.Group label={t("wizard.firmware")} value={firmwareId} onChange={onFirmware}>
        <Stack gap="xs" mt={6}>
          {rows.map((row) => (
            <FirmwareCard key={row.firmwareId} row={row} onVerify={() => setVerified(row)} />
          ))}
        </Stack>
      </Radio.Group>
      {(list.data?.total ?? 0) > rows.length && (
        <Text size="sm" c="dimmed">
          {t("wizard.newestOnly", { count: rows.length })}{" "}
          <Anchor component={Link} to={`/firmware?product=${productKey}`}>
            {t("wizard.allFirmware")}
          </Anchor>
        </Text>
      )}
      <VerifyDialog firmware={verified} onClose={() => setVerified(null)} />
    </>
  );
}

function FirmwareCard({ row, onVerify }: { row: Listed; onVerify: () => void }) {
  const { t, format } = useWords();
  const may = useMay();
  const why =
    row.status === UNVERIFIED
      ? t("wizard.why.unverified")
      : row.status === VERIFYING
        ? t("wizard.why.verifying")
        : t("wizard.why.failed");
  const canGo = isReleasable(row.status);
  const canVerify = (row.status === UNVERIFIED || row.status === VERIFY_FAILED) && may("CreateOTAVerifyJob");
  return (
    <Group gap="xs" wrap="nowrap" align="stretch">
      <Radio.Card
        value={row.firmwareId}
        className={wizard.card}
        disabled={!canGo}
        aria-label={t("wizard.firmwareNamed", { version: row.destVersion, name: row.firmwareName })}
      >
        <Group wrap="nowrap" gap="sm" align="flex-start">
          <Radio.Indicator disabled={!canGo} mt={3} />
          <div style={{ minWidth: 0, flex: 1 }}>
            <Group gap="xs">
              <Text fw={650}>{row.destVersion}</Text>
              <StatusBadge kind="firmware" status={row.status} />
              {row.type === 1 && (
                <Badge color="gray" variant="light" tt="none">
                  {t("wizard.difference", { version: row.srcVersion })}
                </Badge>
              )}
            </Group>
            <Text size="sm" c="dimmed">
              {[row.firmwareName, row.moduleName, format.bytes(row.firmwareSize)].join(" · ")}
            </Text>
            {!canGo && (
              <Text size="sm" c="sand">
                {why}
              </Text>
            )}
          </div>
        </Group>
      </Radio.Card>
      {canVerify && (
        <Button variant="default" h="auto" px="md" flex="none" onClick={onVerify}>
          {t("wizard.verify")}
        </Button>
      )}
    </Group>
  );
}
