import { Alert, Skeleton, Text } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { useCall, useMay, useSession } from "~/api/hooks";
import { ErrorNote } from "~/parts/ErrorNote";
import { PageHeader } from "~/parts/PageHeader";
import { useNowMs } from "~/parts/Time";
import { useWords } from "~/words/useWords";
import { CareStep } from "./new/CareStep";
import { ConfirmStart } from "./new/ConfirmStart";
import {
  careFaults,
  type Defaults,
  type Draft,
  type Firmware,
  newDraft,
  previewOf,
  targetOf,
  toldOf,
} from "./new/draft";
import { isReleasable, PackageStep } from "./new/PackageStep";
import { PreviewStep } from "./new/PreviewStep";
import { isRule } from "./new/rule";
import { StepForm } from "./new/StepForm";
import { STEPS, type Step, StepsNav } from "./new/StepsNav";
import { TargetStep } from "./new/TargetStep";
import { useDraft } from "./new/useDraft";
import { usePreview } from "./new/usePreview";
import { targetWords } from "./parts/aim";

export default function NewRolloutPage() {
  const { t } = useWords();
  const may = useMay();
  const { data: session } = useSession();
  const [search] = useSearchParams();
  const firmwareId = search.get("firmware") ?? "";
  const defaults = useCall("XQueryRolloutDefaults", {});
  const firmware = useCall("QueryOTAFirmware", { FirmwareId: firmwareId }, { enabled: firmwareId !== "" });
  const header = (
    <PageHeader
      title={t("rollouts.new")}
      crumbs={[{ title: t("rollouts.title"), to: "/rollouts" }]}
      howTo="console-new-rollout"
    />
  );
  if (!may("CreateOTAStaticUpgradeJob")) {
    return (
      <>
        {header}
        <Alert color="gray" icon={<IconLock aria-hidden />} title={t("wizard.mayNot")}>
          {t("wizard.mayNotHint")}
        </Alert>
      </>
    );
  }
  const error = defaults.error ?? (firmwareId === "" ? null : firmware.error);
  const found = firmwareId === "" ? null : firmware.data?.firmwareInfo;
  return (
    <>
      {header}
      {error ? (
        <ErrorNote
          error={error}
          onRetry={() => void Promise.all([defaults.refetch(), firmwareId && firmware.refetch()])}
        />
      ) : defaults.data === undefined || found === undefined ? (
        <Skeleton h={320} aria-busy />
      ) : (
        <Wizard defaults={defaults.data.data} firmware={found} user={session?.user.name ?? ""} />
      )}
    </>
  );
}

interface WizardProps {
  defaults: Defaults;
  firmware: Firmware | null;
  user: string;
}

/** The steps; which one and which firmware stand in the address, what was said in this tab. */
function Wizard({ defaults, firmware, user }: WizardProps) {
  const { t } = useWords();
  const [search, setSearch] = useSearchParams();
  const [hasMoved, setHasMoved] = useState(false);
  const names = search.get("names") ?? "";
  const { draft, change, forget } = useDraft(user, firmware?.firmwareId ?? "", askedBy(names), () =>
    newDraft(defaults, Intl.DateTimeFormat().resolvedOptions().timeZone, Math.random()),
  );
  const nowMs = useNowMs();
  const isChosen = firmware !== null && isReleasable(firmware.status);
  const reached = isChosen ? reachedBy(firmware, draft, nowMs) : STEPS.indexOf("package");
  const wanted = STEPS.find((name) => name === search.get("step")) ?? "package";
  const step = STEPS.indexOf(wanted) <= reached ? wanted : (STEPS[reached] as Step);
  const go = (to: Step) => {
    setHasMoved(true);
    setSearch((before) => {
      const after = new URLSearchParams(before);
      after.set("step", to);
      return after;
    });
  };
  const choose = (name: string, value: string) =>
    setSearch(
      name === "product"
        ? { product: value }
        : { product: search.get("product") ?? "", firmware: value, ...(names && { names }) },
      {
        replace: true,
      },
    );
  return (
    <>
      <StepsNav step={step} reached={reached} choices={choicesOf(t, firmware, draft)} onGo={go} />
      {step === "package" || firmware === null ? (
        <StepForm
          title={t("wizard.title.package")}
          takesFocus={hasMoved}
          isReady={isChosen}
          onNext={() => go("target")}
        >
          <PackageStep
            productKey={search.get("product") || firmware?.productKey || ""}
            firmwareId={firmware?.firmwareId ?? ""}
            onProduct={(value) => choose("product", value)}
            onFirmware={(value) => choose("firmware", value)}
          />
        </StepForm>
      ) : step === "target" ? (
        <StepForm
          title={t("wizard.title.target")}
          takesFocus={hasMoved}
          isReady={targetOf(firmware, draft) !== null}
          onBack={() => go("package")}
          onNext={() => go("care")}
        >
          <TargetStep firmware={firmware} draft={draft} change={change} />
        </StepForm>
      ) : step === "care" ? (
        <StepForm
          title={t("wizard.title.care")}
          takesFocus={hasMoved}
          isReady={careFaults(draft, nowMs).length === 0}
          onBack={() => go("target")}
          onNext={() => go("preview")}
          note={<Faults draft={draft} nowMs={nowMs} />}
        >
          <CareStep draft={draft} change={change} />
        </StepForm>
      ) : (
        <Last
          asksApproval={defaults.xApproval === "ON"}
          firmware={firmware}
          draft={draft}
          takesFocus={hasMoved}
          onBack={() => go("care")}
          forget={forget}
        />
      )}
    </>
  );
}

/** Devices that were selected elsewhere. */
function askedBy(names: string): Partial<Draft> {
  return names === "" ? {} : { selection: "SPECIFIC", names: names.split(",").join("\n") };
}

/** The furthest step that may be gone to, once there is something to send. */
function reachedBy(firmware: Firmware, draft: Draft, nowMs: number): number {
  if (targetOf(firmware, draft) === null) return STEPS.indexOf("target");
  return careFaults(draft, nowMs).length > 0 ? STEPS.indexOf("care") : STEPS.indexOf("preview");
}

function choicesOf(t: ReturnType<typeof useWords>["t"], firmware: Firmware | null, draft: Draft) {
  const aimed = { selectionType: "STATIC", targetSelection: draft.selection, grayPercent: String(draft.grayPercent) };
  return {
    package:
      firmware === null
        ? ""
        : t("rollouts.toVersion", { product: firmware.productName, version: firmware.destVersion }),
    target: ["GROUP", "DYNAMIC"].includes(draft.selection) ? t(`wizard.aim.${draft.selection}`) : targetWords(t, aimed),
    care: t("wizard.careChoice", { count: draft.stages.length + 1 }),
  };
}

function Faults({ draft, nowMs }: { draft: Draft; nowMs: number }) {
  const { t } = useWords();
  const [first] = careFaults(draft, nowMs);
  return (
    <Text size="sm" c="clay" role="status">
      {first && t(first)}
    </Text>
  );
}

interface LastProps {
  firmware: Firmware;
  draft: Draft;
  takesFocus: boolean;
  asksApproval: boolean;
  onBack: () => void;
  forget: () => void;
}

function Last({ firmware, draft, takesFocus, asksApproval, onBack, forget }: LastProps) {
  const { t } = useWords();
  const go = useNavigate();
  const [isAsking, setIsAsking] = useState(false);
  const { preview, error, retry, isOutdated } = usePreview(previewOf(firmware, draft));
  // A rule may begin with nobody.
  const isReady = preview !== undefined && !error && !isOutdated && (isRule(draft) || toldOf(preview) > 0);
  return (
    <>
      <StepForm
        title={t("wizard.title.preview")}
        takesFocus={takesFocus}
        isReady={isReady}
        onBack={onBack}
        onNext={() => setIsAsking(true)}
        nextLabel={t("wizard.start")}
      >
        <PreviewStep
          asksApproval={asksApproval}
          firmware={firmware}
          draft={draft}
          preview={preview}
          error={error}
          onRetry={retry}
        />
      </StepForm>
      {preview !== undefined && (
        <ConfirmStart
          opened={isAsking}
          onClose={() => setIsAsking(false)}
          firmware={firmware}
          draft={draft}
          preview={preview}
          onMade={(jobId) => {
            forget();
            void go(`/rollouts/${jobId}`);
          }}
        />
      )}
    </>
  );
}
