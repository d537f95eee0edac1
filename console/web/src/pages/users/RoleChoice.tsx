import { Radio, Stack } from "@mantine/core";
import { useWords } from "~/words/useWords";

export const ROLES = ["VIEWER", "RELEASER", "ADMIN"] as const;
export type Role = (typeof ROLES)[number];

export function roleOf(text: string): Role {
  return ROLES.find((role) => role === text) ?? "VIEWER";
}

/** The three roles, each with what it may do. */
export function RoleChoice({ value, onChange }: { value: Role; onChange: (role: Role) => void }) {
  const { t } = useWords();
  return (
    <Radio.Group label={t("users.role")} value={value} onChange={(role) => onChange(roleOf(role))}>
      <Stack gap="xs" mt={6}>
        {ROLES.map((role) => (
          <Radio key={role} value={role} label={t(`status.role.${role}`)} description={t(`users.roleHint.${role}`)} />
        ))}
      </Stack>
    </Radio.Group>
  );
}
