import { Anchor, Group } from "@mantine/core";
import { IconKey, IconUser } from "@tabler/icons-react";
import { Link } from "react-router";
import { useCall, useMay } from "~/api/hooks";
import classes from "./audit.module.css";
import { actorName, isPerson } from "./entries";

const KEYS_MAX = 100; // as many as an account may have
const FRESH_MS = 60_000;

/** The names of AccessKeys, by their ids: an id says nothing to anybody. */
export function useKeyNames(): ReadonlyMap<string, string> {
  const may = useMay();
  const page = { CurrentPage: 1, PageSize: KEYS_MAX };
  const keys = useCall("XListAccessKeys", page, { enabled: may("XListAccessKeys"), staleTimeMs: FRESH_MS });
  return new Map((keys.data?.data.accessKey ?? []).map((key) => [key.accessKeyId, key.name]));
}

/** Who called, by name where there is one; leads to all that this one changed. */
export function ActorLink({ actor }: { actor: string }) {
  const names = useKeyNames();
  const Icon = isPerson(actor) ? IconUser : IconKey;
  return (
    <Anchor component={Link} to={`/audit?actor=${encodeURIComponent(actor)}`} inherit title={actor}>
      <Group component="span" gap={5} wrap="nowrap" className={classes.actor}>
        <Icon size={15} aria-hidden />
        <span>{names.get(actor) || actorName(actor)}</span>
      </Group>
    </Anchor>
  );
}
