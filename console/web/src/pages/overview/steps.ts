/** The first day with a new server, as steps; which are done the server's own numbers say. */
import type { Answer } from "~/api/types";

export type Overview = Answer<"XQueryOverview">["data"];

export const STEPS = ["product", "device", "upload", "verify", "rollout"] as const;
export type Step = (typeof STEPS)[number];

/** Where each step is taken. */
export const STEP_PLACES: Record<Step, string> = {
  product: "/products",
  device: "/products",
  upload: "/firmware/new",
  verify: "/firmware",
  rollout: "/rollouts/new",
};

/** An Action without which a role cannot take the step. */
export const STEP_ACTIONS = {
  product: "CreateProduct",
  device: "RegisterDevice",
  upload: "CreateOTAFirmware",
  verify: "CreateOTAVerifyJob",
  rollout: "CreateOTAStaticUpgradeJob",
} as const;

export function stepsOf(overview: Overview, hasRollouts: boolean): Record<Step, boolean> {
  const { devices, firmware, productCount } = overview;
  const proven = firmware.total - firmware.unverified - firmware.verifying - firmware.verificationFailed;
  return {
    product: productCount > 0,
    device: devices.online + devices.offline > 0,
    upload: firmware.total > 0,
    verify: proven > 0,
    rollout: hasRollouts,
  };
}

/** Until the first rollout: who has made one needs no list. */
export function isNew(steps: Record<Step, boolean>): boolean {
  return !steps.rollout;
}

/** The first that is not done; null when all are. */
export function nextStep(steps: Record<Step, boolean>): Step | null {
  return STEPS.find((step) => !steps[step]) ?? null;
}
