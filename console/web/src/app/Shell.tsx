import { Alert, AppShell, Burger, Center, Group, Loader, Text } from "@mantine/core";
import { useDisclosure, useWindowEvent } from "@mantine/hooks";
import { IconAlertOctagon } from "@tabler/icons-react";
import { type MouseEvent, Suspense, useEffect, useRef } from "react";
import { Link, Outlet, useLocation } from "react-router";
import { useSession } from "~/api/hooks";
import { useWords } from "~/words/useWords";
import { LanguageSwitch } from "./LanguageSwitch";
import { Logo } from "./Logo";
import { Navigation } from "./Navigation";
import { PageBoundary } from "./PageBoundary";
import { SchemeSwitch } from "./SchemeSwitch";
import classes from "./Shell.module.css";
import { UserMenu } from "./UserMenu";

const HEADER_PX = 56;
const NAVBAR_PX = 224;

/** What stands around every page: landmarks, the way to all pages, and who one is. */
export function Shell() {
  const { t } = useWords();
  const { data: session } = useSession();
  const [isOpen, { toggle, close }] = useDisclosure();
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    close();
    // Another page has begun: whoever does not see it is told, whoever uses the keyboard starts in it.
    if (!isFirst.current && pathname) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
    window.scrollTo(0, 0);
  }, [pathname, close]);
  useWindowEvent("keydown", ({ key }) => {
    if (key === "Escape") close();
  });
  const skip = (event: MouseEvent) => {
    event.preventDefault(); // the hash is the route
    main.current?.focus();
  };
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: it is a link to a place in this page; only the hash is taken by the routes */}
      <a className="skip-link" href="#main" onClick={skip}>
        {t("shell.skip")}
      </a>
      <AppShell
        header={{ height: HEADER_PX }}
        navbar={{ width: NAVBAR_PX, breakpoint: "sm", collapsed: { mobile: !isOpen } }}
        padding={{ base: "md", sm: "xl" }}
      >
        <AppShell.Header className={classes.header}>
          <Group h="100%" px="md" justify="space-between" wrap="nowrap">
            <Group gap="sm" wrap="nowrap">
              <Burger
                opened={isOpen}
                onClick={toggle}
                hiddenFrom="sm"
                size="sm"
                aria-label={t("shell.menu")}
                aria-expanded={isOpen}
              />
              <Link to="/" className={classes.home} aria-label={t("shell.home")}>
                <Logo size={30} />
                <span className={classes.name}>{t("shell.name")}</span>
              </Link>
              <Text size="sm" c="dimmed" visibleFrom="xs">
                {session?.account}
              </Text>
            </Group>
            <Group gap={4} wrap="nowrap">
              <LanguageSwitch />
              <SchemeSwitch />
              <UserMenu />
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar
          p="sm"
          className={classes.navbar}
          aria-label={t("shell.pages")}
          data-closed={!isOpen || undefined}
          onClick={close}
        >
          <Navigation />
          <Text size="xs" c="dimmed" px="sm" pt="sm" mt="auto">
            {t("shell.version", { version: session?.server.version ?? "" })}
          </Text>
        </AppShell.Navbar>
        <AppShell.Main ref={main} id="main" tabIndex={-1} className={classes.main}>
          {session?.server.isInsecure && (
            <Alert color="clay" variant="filled" icon={<IconAlertOctagon aria-hidden />} mb="lg" role="status">
              {t("shell.insecure")}
            </Alert>
          )}
          <PageBoundary key={pathname}>
            <Suspense
              fallback={
                <Center py="xl">
                  <Loader aria-label={t("common.loading")} />
                </Center>
              }
            >
              <Outlet />
            </Suspense>
          </PageBoundary>
        </AppShell.Main>
      </AppShell>
    </>
  );
}
