import { Anchor, Skeleton, Text } from "@mantine/core";
import { Link } from "react-router";
import { useLiveCall } from "~/api/hooks";
import { ErrorNote } from "~/parts/ErrorNote";
import { Section } from "~/parts/Section";
import { Time } from "~/parts/Time";
import { useWords } from "~/words/useWords";
import { ActorLink } from "../audit/ActorLink";
import { placesOf } from "../audit/entries";
import { OutcomeBadge } from "../audit/OutcomeBadge";
import { PlaceLink } from "../audit/PlaceLink";
import classes from "./overview.module.css";

const SHOWN_MAX = 6;

/** The newest entries of the audit trail. */
export function RecentChanges() {
  const { t } = useWords();
  const trail = useLiveCall("XListAuditEvents", { CurrentPage: 1, PageSize: SHOWN_MAX });
  const events = trail.data?.data.auditEvent;
  return (
    <Section
      title={t("overview.changes")}
      actions={
        <Anchor component={Link} to="/audit" size="sm">
          {t("overview.allChanges")}
        </Anchor>
      }
    >
      {trail.error && !events && <ErrorNote error={trail.error} onRetry={() => void trail.refetch()} />}
      {!events && !trail.error && <Skeleton h={120} />}
      {events?.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("overview.noChanges")}
        </Text>
      )}
      <ul className={classes.changes}>
        {events?.map((event) => (
          <li key={event.number}>
            <Text component="span" size="sm" className={classes.changeText}>
              <ActorLink actor={event.accessKeyId} />{" "}
              <Anchor component={Link} to={`/audit?action=${event.action}`} inherit fw={600}>
                {event.action}
              </Anchor>
              {placesOf(event).map((place) => (
                <span key={place.to}>
                  {" "}
                  <PlaceLink place={place} />
                </span>
              ))}{" "}
              {event.outcome !== "ACCEPTED" && <OutcomeBadge outcome={event.outcome} />}
            </Text>
            <Text component="span" size="sm" c="dimmed">
              <Time at={event.utcTime} />
            </Text>
          </li>
        ))}
      </ul>
    </Section>
  );
}
