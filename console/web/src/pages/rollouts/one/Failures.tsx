import { Anchor, Skeleton, Text } from "@mantine/core";
import { Link } from "react-router";
import { useLiveCall } from "~/api/hooks";
import { ErrorNote } from "~/parts/ErrorNote";
import { useWords, type Words } from "~/words/useWords";
import classes from "../rollouts.module.css";

/** A reason's code in the language's words. */
export function reasonTitle(maybe: Words["maybe"], code: string): string {
  return maybe(`rollouts.code.${code}`, code);
}

/** Why devices failed: each reason once, the most frequent first, with the devices behind it. */
export function Failures({ jobId }: { jobId: string }) {
  const { t, maybe } = useWords();
  const reasons = useLiveCall("XListOTAFailureReasons", { JobId: jobId });
  const rows = reasons.data?.data.reason;
  if (reasons.error && rows === undefined) {
    return <ErrorNote error={reasons.error} onRetry={() => void reasons.refetch()} />;
  }
  if (rows === undefined) return <Skeleton h={120} aria-busy />;
  if (rows.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t("rollouts.noFailures")}
      </Text>
    );
  }
  const most = rows[0]?.tasks ?? 1;
  return (
    <ul className={classes.reasons}>
      {rows.map((row) => (
        <li key={row.reasonId}>
          <div className={classes.reasonWords}>
            <Text size="sm" fw={600}>
              {reasonTitle(maybe, row.code)}
            </Text>
            {row.words !== "" && (
              <Text size="sm" c="dimmed">
                {row.words}
              </Text>
            )}
            <div className={classes.reasonBar} style={{ width: `${(row.tasks / most) * 100}%` }} aria-hidden />
          </div>
          <Anchor component={Link} to={`/rollouts/${jobId}?reason=${row.reasonId}`} fw={650}>
            {t("rollouts.devices", { count: row.tasks })}
          </Anchor>
        </li>
      ))}
    </ul>
  );
}
