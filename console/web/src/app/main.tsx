import "./styles";
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { HashRouter } from "react-router";
import { whenSignedOut } from "~/api/client";
import { asCallError } from "~/api/errors";
import { SESSION_KEY } from "~/api/hooks";
import { theme, variables } from "~/theme";
import { WordsProvider } from "~/words/useWords";
import { keepFocus } from "./focus";
import { LiveProvider } from "./LiveProvider";
import { nonce } from "./nonce";
import { AllRoutes } from "./routes";

const RETRIES_MAX = 2;

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // What the server refused it refuses again; what never reached it is worth another try.
      retry: (failures, error) => asCallError(error).status === 0 && failures < RETRIES_MAX,
    },
  },
});

whenSignedOut(() => {
  client.setQueryData(SESSION_KEY, null);
  client.removeQueries({ queryKey: ["call"] }); // what one user saw is not there for the next
});

keepFocus();
const root = document.getElementById("root");
if (root === null) throw new Error("the page has no #root");
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={client}>
        <WordsProvider>
          <Notifications position="bottom-right" />
          <LiveProvider>
            <HashRouter>
              <AllRoutes />
            </HashRouter>
          </LiveProvider>
        </WordsProvider>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
