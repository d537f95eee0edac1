import type { ReactNode } from "react";
import classes from "./settings.module.css";

export interface Fact {
  name: string;
  value: ReactNode;
}

/** Names and what they are, one below the other. */
export function Facts({ facts }: { facts: Fact[] }) {
  return (
    <dl className={classes.facts}>
      {facts.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
