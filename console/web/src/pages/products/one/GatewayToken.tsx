import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useChange, useMay } from "~/api/hooks";
import { ConfirmTyped } from "~/parts/ConfirmTyped";
import { Section } from "~/parts/Section";
import { useWords } from "~/words/useWords";
import { Secret } from "../connect/Secret";

/** One token for all devices of the product: shown once, when it is made. */
export function GatewayToken({ productKey, hasToken }: { productKey: string; hasToken: boolean }) {
  const { t } = useWords();
  const may = useMay();
  const [token, setToken] = useState("");
  const [asked, setAsked] = useState<"rotate" | "remove" | null>(null);
  const rotate = useChange("XRotateGatewayToken", {
    onDone: ({ data }) => {
      setToken(data.gatewayToken ?? "");
      setAsked(null);
    },
  });
  const make = (isRemoval: boolean) => rotate.mutate({ ProductKey: productKey, Remove: isRemoval });
  return (
    <Section title={t("products.gatewayToken")} hint={t("products.gatewayTokenHint")}>
      <Stack gap="sm" align="flex-start">
        {token !== "" && (
          <Alert color="sand" title={t("products.shownOnce")} role="status">
            <Secret value={token} of={t("products.gatewayToken")} />
          </Alert>
        )}
        <Text size="sm">{t(hasToken ? "products.hasGatewayToken" : "products.noGatewayToken")}</Text>
        {may("XRotateGatewayToken") && (
          <Group gap="xs">
            <Button
              variant="default"
              loading={rotate.isPending}
              onClick={() => (hasToken ? setAsked("rotate") : make(false))}
            >
              {t(hasToken ? "products.rotateGatewayToken" : "products.makeGatewayToken")}
            </Button>
            {hasToken && (
              <Button variant="subtle" color="clay" onClick={() => setAsked("remove")}>
                {t("products.removeGatewayToken")}
              </Button>
            )}
          </Group>
        )}
      </Stack>
      <ConfirmTyped
        opened={asked !== null}
        onClose={() => setAsked(null)}
        onConfirm={() => make(asked === "remove")}
        title={t(asked === "remove" ? "products.removeGatewayToken" : "products.rotateGatewayToken")}
        word={productKey}
        isPending={rotate.isPending}
      >
        {t("products.gatewayTokenEnds")}
      </ConfirmTyped>
    </Section>
  );
}
