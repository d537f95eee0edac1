import { PasswordInput } from "@mantine/core";
import type { Words } from "~/words/useWords";
import { useWords } from "~/words/useWords";
import { CapsLockHint, useCapsLock } from "./capsLock";
import { PASSWORD_MAX, PASSWORD_MIN } from "./passwords";
import type { Fields } from "./useFields";

export interface NewPassword extends Record<string, string> {
  password: string;
  again: string;
}

/** What to tell somebody before the server has to. */
export function passwordRules(t: Words["t"]) {
  return {
    password: (value: string) => {
      if (value.length < PASSWORD_MIN) return t("signing.tooShort", { min: PASSWORD_MIN });
      return value.length > PASSWORD_MAX ? t("signing.tooLong", { max: PASSWORD_MAX }) : null;
    },
    again: (value: string, values: NewPassword) => (value === values.password ? null : t("signing.notSame")),
  };
}

/** A new password, twice. */
export function PasswordFields<Values extends NewPassword>({ fields }: { fields: Fields<Values> }) {
  const { t } = useWords();
  const caps = useCapsLock();
  return (
    <>
      <PasswordInput
        visibilityToggleButtonProps={{ "aria-label": t("signing.showPassword") }}
        label={t("signing.newPassword")}
        description={
          <>
            {t("signing.passwordHint", { min: PASSWORD_MIN })}
            {caps.isOn && <CapsLockHint />}
          </>
        }
        autoComplete="new-password"
        {...caps.handlers}
        {...fields.of("password")}
      />
      <PasswordInput
        visibilityToggleButtonProps={{ "aria-label": t("signing.showPassword") }}
        label={t("signing.again")}
        autoComplete="new-password"
        {...fields.of("again")}
      />
    </>
  );
}
