import { Anchor } from "@mantine/core";
import { Link } from "react-router";
import { useWords } from "~/words/useWords";
import type { Place } from "./entries";

/** To the page of what an entry is about. */
export function PlaceLink({ place, onClick }: { place: Place; onClick?: () => void }) {
  const { t } = useWords();
  return (
    <Anchor component={Link} to={place.to} inherit onClick={onClick}>
      {t(`audit.kind.${place.kind}`, { name: place.name })}
    </Anchor>
  );
}
