import { Center, Loader } from "@mantine/core";
import type { ReactNode } from "react";
import { Navigate, useLocation } from "react-router";
import { useSession } from "~/api/hooks";
import { ErrorNote } from "~/parts/ErrorNote";

/** Lets in who is signed in; others sign in first, and come back to where they were. */
export function Gate({ children }: { children: ReactNode }) {
  const session = useSession();
  const { pathname, search } = useLocation();
  if (session.data) return children;
  if (session.data === null) {
    const here = pathname + search;
    return <Navigate to={here === "/" ? "/sign-in" : `/sign-in?then=${encodeURIComponent(here)}`} replace />;
  }
  return (
    <Center h="100vh" p="md">
      {session.error ? <ErrorNote error={session.error} onRetry={() => void session.refetch()} /> : <Loader />}
    </Center>
  );
}
