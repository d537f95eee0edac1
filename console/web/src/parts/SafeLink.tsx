import { Anchor } from "@mantine/core";

/** The address, if a browser may be sent there: a device's or a user's text is never a `javascript:`. */
export function checkedUrl(text: string): string | null {
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

/** Somebody's text: a link when it is an http(s) address, else just text. */
export function SafeLink({ text }: { text: string }) {
  const href = checkedUrl(text);
  if (href === null) return <>{text}</>;
  return (
    <Anchor href={href} target="_blank" rel="noreferrer noopener" inherit>
      {text}
    </Anchor>
  );
}
